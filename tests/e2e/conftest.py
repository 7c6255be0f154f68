"""One local AWS with Greenlight and a group for each scenario, deployed once by the real CDK."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.aws import LocalAws
from local.deploy import deploy_app, prepare
from tests.e2e.groups import GROUPS
from tests.e2e.scene import Scene, group_yaml

_TIME_SCALE = 240.0  # AWS seconds a second: a canary of some minutes takes a few seconds


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The groups' YAML files; a test may change its own group's and deploy again."""
    folder = tmp_path_factory.mktemp("groups")
    for name, changes in GROUPS.items():
        (folder / f"{name}.yaml").write_text(group_yaml(name, **changes))
    return folder


@pytest.fixture(scope="session")
def aws(folder: Path) -> Iterator[LocalAws]:
    with LocalAws(time_scale=_TIME_SCALE) as aws:
        prepare(aws)
        deploy_app(aws, "--context", f"groups={folder}")
        _stop_the_sweeps(aws)
        yield aws


def _stop_the_sweeps(aws: LocalAws) -> None:
    """On the fast clock they come every second; here a test sweeps when it wants to, and counts what it means to."""
    scheduler = aws.client("scheduler")
    for found in scheduler.list_schedules()["Schedules"]:
        schedule = scheduler.get_schedule(Name=found["Name"], GroupName=found["GroupName"])
        kept = ("Name", "GroupName", "ScheduleExpression", "Target", "FlexibleTimeWindow")
        scheduler.update_schedule(**{key: schedule[key] for key in kept}, State="DISABLED")


@pytest.fixture
def scene(aws: LocalAws) -> Callable[..., Scene]:
    """A scene for one of the groups in `GROUPS`."""

    def make(group: str) -> Scene:
        endpoint = GROUPS[group].get("endpoint", {}).get("name", group)
        return Scene(aws, group, endpoint)

    return make
