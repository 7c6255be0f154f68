"""The numbers to hold, counted on the request log of the local AWS.

How many calls wait for one another is counted in simulation/test_calls.py: in the log's times, a slow machine makes
calls follow each other that were made side by side.
"""

import time
from collections.abc import Callable

from tests.e2e.scene import Scene

Make = Callable[..., Scene]
_WRITES = ("Create", "Update", "Delete", "Put")


def settled_calls(scene: Scene, since: int) -> list[str]:
    """What reconcile called since, once it has been quiet for a while."""
    before = -1
    while len(calls := scene.calls(since)) != before or not calls:
        before = len(calls)
        time.sleep(0.5)
    return [str(call["operation"]) for call in calls]


def test_an_event_that_changes_nothing_costs_at_most_three_calls(scene: Make) -> None:
    s = scene("no-news")
    version = s.go_live()
    s.until("rest", lambda: True if s.watch.at_rest() else None)
    since = s.aws.last_request()
    s.scientist().update_model_package(
        ModelPackageArn=s.arns[version], CustomerMetadataProperties={"note": "nothing of interest"}
    )
    calls = settled_calls(s, since)
    assert sorted(calls) == ["DescribeEndpoint", "GetItem", "ListModelPackages"]


def test_the_way_back_to_a_kept_config_is_one_write_to_sagemaker(scene: Make) -> None:
    s = scene("counted-back")
    good, bad = s.go_live(), s.go_live()
    since = s.aws.last_request()
    s.reject(bad)
    s.until_live(good)
    assert s.watch.sagemaker_writes(since) == ["UpdateEndpoint"]
