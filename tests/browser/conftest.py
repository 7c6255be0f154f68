"""A browser, and a local AWS with a widget that returns what it is told to."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.aws import LocalAws
from tests.browser.account import role_of
from tests.browser.chromium import browser, visit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["browser", "visit"]  # fixtures that come from there

WIDGET = Path(__file__).with_name("widget") / "index.py"


@pytest.fixture(scope="session")
def aws() -> Iterator[LocalAws]:
    """A local AWS of its own, with nothing in it but the function of widget/index.py."""
    with LocalAws() as local:
        local.client("lambda").create_function(
            FunctionName="widget",
            Runtime="python3.13",
            Role=role_of(local, "widget", "lambda", ["logs:*"]),
            Handler="index.handler",
            Code={"ZipFile": _packed(WIDGET)},
        )
        yield local


@pytest.fixture
def dashboard(aws: LocalAws) -> Iterator[Callable[..., str]]:
    """Makes the only dashboard, of one widget with these parameters; the page's address."""
    cloudwatch = aws.client("cloudwatch")

    def made(*others: dict[str, Any], **params: object) -> str:
        function = f"arn:aws:lambda:{aws.region}:{aws.account}:function:widget"
        own = {"type": "custom", "properties": {"endpoint": function, "title": "Models", "params": params}}
        body = {"widgets": [own, *others]}
        cloudwatch.put_dashboard(DashboardName="greenlight", DashboardBody=json.dumps(body))
        return f"{aws.endpoint}/_local/page"

    yield made
    cloudwatch.delete_dashboards(
        DashboardNames=[one["DashboardName"] for one in cloudwatch.list_dashboards()["DashboardEntries"]]
    )


def _packed(source: Path) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(source, source.name)
    return packed.getvalue()
