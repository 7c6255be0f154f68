"""The page over HTTP: which dashboard it shows, what a widget's function is called with, what comes back of it."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.aws import LocalAws

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:small-handle"


def get(aws: LocalAws, query: str = "") -> tuple[int, dict[str, str], str]:
    return sent(urllib.request.Request(f"{aws.endpoint}/_local/page{query}"))  # noqa: S310 - loopback


def sent(request: urllib.request.Request) -> tuple[int, dict[str, str], str]:
    try:
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 - loopback
            return response.status, dict(response.headers), response.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, dict(refused.headers), refused.read().decode()


def call(aws: LocalAws, **changes: Any) -> tuple[int, Any]:
    """Status and content of the answer to a widget's call."""
    asked = {
        "endpoint": FUNCTION,
        "params": {"group": "fraud"},
        "theme": "dark",
        "dashboard": "models",
        "widget": "widget-1",
        "title": "Models",
        "own": {"group": "all"},
        "width": 588,
        "height": 369,
    } | changes
    given = {name: value for name, value in asked.items() if value is not None}
    request = urllib.request.Request(  # noqa: S310 - loopback
        f"{aws.endpoint}/_local/page/widget", data=json.dumps(given).encode()
    )
    status, _, content = sent(request)
    return status, json.loads(content)


@pytest.fixture
def put(aws: LocalAws) -> Iterator[Callable[..., None]]:
    """Puts a dashboard of these widgets; all are gone after the test."""
    cloudwatch = aws.client("cloudwatch")
    names = []

    def made(name: str, *widgets: dict[str, Any]) -> None:
        names.append(name)
        cloudwatch.put_dashboard(DashboardName=name, DashboardBody=json.dumps({"widgets": widgets}))

    yield made
    cloudwatch.delete_dashboards(DashboardNames=names)


def test_without_a_dashboard_it_says_how_to_get_one(aws: LocalAws) -> None:
    status, headers, content = get(aws)
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "This account has no dashboard. Deploy Greenlight into it" in content


def test_the_only_dashboard_is_shown_and_of_several_the_one_that_is_asked_for(
    aws: LocalAws, put: Callable[..., None]
) -> None:
    widget = {
        "type": "custom",
        "properties": {"endpoint": FUNCTION, "title": "<Models>", "params": {"a": '"'}},
    }
    put("models", {"type": "metric", "properties": {"title": "Queue"}}, widget)
    only = get(aws)[2]
    assert "<h1>models</h1>" in only
    assert 'id="widget-2"' in only
    assert "&lt;Models&gt;" in only
    assert "<Models>" not in only
    assert 'data-params="{&quot;a&quot;: &quot;\\&quot;&quot;}"' in only
    assert "Drawn only by the CloudWatch console: Queue (metric)." in only
    put("more")
    links = get(aws, "?theme=dark")[2]
    assert '<a href="?dashboard=models&amp;theme=dark">models</a>' in links
    assert '<a href="?dashboard=more&amp;theme=dark">more</a>' in links
    assert "<h1>more</h1>" in get(aws, "?dashboard=more")[2]
    status, _, content = get(aws, "?dashboard=<none>")
    assert (status, "There is no dashboard &lt;none&gt;." in content) == (404, True)


def test_only_the_pages_own_script_may_run_and_nothing_is_loaded(
    aws: LocalAws, put: Callable[..., None]
) -> None:
    put("models")
    _, headers, content = get(aws)
    nonces = re.findall(r"<script nonce='([\w-]{22})'>", content)
    assert len(nonces) == content.count("<script")
    policy = headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", f"script-src 'nonce-{nonces[0]}'", "base-uri 'none'"} <= set(policy)
    assert get(aws)[1]["content-security-policy"] != headers["content-security-policy"]


def test_a_theme_or_a_body_that_does_not_exist_is_refused(aws: LocalAws, put: Callable[..., None]) -> None:
    assert get(aws, "?theme=blue")[0::2] == (
        400, json.dumps({"error": "theme='blue' is not one of: light, dark"}),
    )  # fmt: skip
    put("broken", {"type": "custom", "properties": {}})
    status, _, content = get(aws)
    assert status == 400
    assert "the body of dashboard broken is not one of AWS's: KeyError('endpoint')" in content


def test_the_function_is_called_as_root_with_the_parameters_and_the_consoles_context(aws: LocalAws) -> None:
    since = aws.last_request()
    status, answer = call(aws)
    assert (status, answer["kind"]) == (200, "json")
    invoked = [one for one in aws.requests(since) if one["operation"] == "InvokeFunction"]
    assert [one["principal"] for one in invoked] == ["arn:aws:iam::123456789012:root"]
    event = json.loads(answer["content"])["event"]
    assert event.pop("group") == "fraud"
    context = event.pop("widgetContext")
    assert event == {}
    shown = context.pop("timeRange")
    assert shown["end"] - shown["start"] == shown["relativeStart"] == 3 * 60 * 60 * 1000
    assert context == {
        "dashboardName": "models",
        "widgetId": "widget-1",
        "accountId": "123456789012",
        "locale": "en",
        "timezone": {"label": "UTC", "offsetISO": "+00:00", "offsetInMinutes": 0},
        "period": 300,
        "isAutoPeriod": True,
        "theme": "dark",
        "linkCharts": True,
        "title": "Models",
        "forms": {"all": {}},
        "params": {"group": "all"},
        "width": 588,
        "height": 369,
    }


def test_a_function_that_fails_is_an_error_with_its_words(aws: LocalAws) -> None:
    inspect = FUNCTION.replace("handle", "inspect")
    assert call(aws, endpoint=inspect, params={"action": "raise"})[1] == {
        "kind": "error",
        "content": f"{inspect} failed: LookupError: not here",
    }
    gone = call(aws, endpoint=f"{FUNCTION}-gone")[1]
    assert gone["kind"] == "error"
    assert "ResourceNotFoundException" in gone["content"]
    assert call(aws, endpoint="not: a function")[1]["kind"] == "error"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"theme": None}, "is not a JSON object of: endpoint, params, theme"),
        ({"params": [1]}, "params is not a JSON object"),
        ({"endpoint": 1}, "endpoint is not a string"),
    ],
)
def test_a_call_that_lacks_something_is_refused(aws: LocalAws, changes: dict[str, Any], said: str) -> None:
    status, answer = call(aws, **changes)
    assert status == 400
    assert said in answer["error"]
