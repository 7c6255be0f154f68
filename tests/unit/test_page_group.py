"""The view of one group."""

import json
from dataclasses import replace
from typing import Any

from lambdas.core.facts import Endpoint, EndpointStatus, VersionSummary
from lambdas.core.ledger import Event, Kind
from lambdas.core.page.group import Shown, group_page
from lambdas.core.page.markup import written
from lambdas.core.record import Approval, Decided, Direction, Pause, Phase, Placement, Record, Rollout
from tests.builders import APPROVER, GROUP, NOW

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:greenlight-dashboard"
HOSTILE = "<script>alert(1)</script>"
SETTLED = Record(
    GROUP,
    phase=Phase.SETTLED,
    since=NOW,
    kept=(Placement(2, "config-2", "model", "ml.m5.large", live_at=NOW),),
    live="config-2",
    versions={2: Decided(Approval.APPROVED, NOW, by=APPROVER, reason="sound")},
)
SERVING = Endpoint("churn-live", "arn", EndpointStatus.IN_SERVICE, "config-2", NOW)


def _summary(number: int, approval: Approval = Approval.APPROVED) -> VersionSummary:
    return VersionSummary(number, f"arn/{number}", approval, "Completed", NOW)


def _registered(number: int, problem: str | None = None, **metrics: float) -> Event:
    data: dict[str, Any] = {
        "registered_by": "arn:x/rob",
        "compared_with": None,
        "metrics": [
            {"name": name, "before": None, "after": value, "better": None} for name, value in metrics.items()
        ],
        "differences": [],
        "gates": [],
        "report": problem,
    }
    return Event(Kind.PENDING, NOW, f"v{number} was registered", number, data)


def _page(
    *versions: VersionSummary,
    record: Record = SETTLED,
    events: tuple[Event, ...] = (),
    endpoint: Endpoint | None = SERVING,
    version: int | None = None,
) -> str:
    return written(group_page(Shown(record, versions, events, endpoint, version), FUNCTION))


def _calls(page: str) -> list[dict[str, Any]]:
    inside = [part.partition(">")[2].partition("<")[0] for part in page.split("<cwdb-action")[1:]]
    return [json.loads(one.replace("&quot;", '"')) for one in inside]


def test_what_is_live_stands_in_words_and_in_each_chart() -> None:
    page = _page(_summary(2), _summary(1), events=(_registered(1, auc=0.5), _registered(2, auc=0.75)))
    assert "v2, verified 2023-11-16" in page
    assert "churn-live is InService, on v2" in page
    assert "v2, which is live, has 0.75" in page


def test_each_version_stands_with_who_decided_who_registered_and_what_became_of_it() -> None:
    page = _page(_summary(2), events=(_registered(2, auc=0.75),))
    row = page.partition('<th scope="row">v2</th>')[2].partition("</tr>")[0]
    assert ">Approved</td>" in row
    assert ">ann</span>" in row
    assert "<td>sound</td><td>live</td>" in row
    assert ">rob</span>" in row
    assert "<div>auc 0.75</div>" in row


def test_a_rollout_in_flight_shows_what_sagemaker_is_at() -> None:
    rollout = Rollout("churn-9", Direction.FORWARD, 3, "config-3", NOW, NOW)
    record = replace(SETTLED, phase=Phase.ROLLING, rollout=rollout)
    busy = replace(SERVING, status=EndpointStatus.UPDATING, steps=("Baking", "Baking"))
    page = _page(_summary(3), record=record, endpoint=busy)
    assert "v3, forward, since 2023-11-16" in page
    assert "churn-live is Updating, on v2; Baking</dd>" in page


def test_an_endpoint_on_something_else_than_was_verified_shows() -> None:
    assert "churn-live is InService, on somebody-s, which is not ours" in _page(
        endpoint=replace(SERVING, config="somebody-s")
    )
    assert "there is none" in _page(endpoint=None)


def test_a_pause_stands_with_its_reason() -> None:
    assert "<dt>Paused</dt><dd>audit</dd>" in _page(record=replace(SETTLED, pause=Pause("audit")))


def test_the_youngest_pending_version_is_shown_and_the_others_are_a_button_away() -> None:
    pending = [_summary(number, Approval.PENDING) for number in (5, 4, 3)]
    page = _page(*pending, _summary(2))
    assert "v5 waits for a decision" in page
    assert _calls(page) == [{}, {"group": GROUP, "version": 4}, {"group": GROUP, "version": 3}]
    assert "v4 waits for a decision" in _page(*pending, version=4)


def test_a_version_that_was_decided_on_meanwhile_is_said_not_to_wait() -> None:
    page = _page(_summary(2), version=2)
    assert "v2 does not wait for a decision." in page
    assert "greenlight approve" not in page


def test_a_report_that_may_not_be_read_is_said() -> None:
    problem = "its evaluation report cannot be read: AccessDenied"
    assert f"<td>{problem}</td>" in _page(_summary(1), events=(_registered(1, problem),))


def test_names_reasons_and_metrics_of_others_are_text() -> None:
    decided = Decided(Approval.APPROVED, NOW, by=replace(APPROVER, arn=f"arn:x/{HOSTILE}"), reason=HOSTILE)
    record = Record(HOSTILE, reason=HOSTILE, versions={1: decided}, pause=Pause(HOSTILE))
    events = (_registered(1, HOSTILE, **{HOSTILE: 1.0}), Event(Kind.BLOCKED, NOW, HOSTILE))
    page = _page(_summary(1), record=record, events=events, endpoint=replace(SERVING, config=HOSTILE))
    assert "<script" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 8


def test_a_group_without_versions_says_so() -> None:
    page = _page(record=Record(GROUP), endpoint=None)
    assert "No version is registered yet." in page
    assert "<dt>Live</dt><dd>nothing</dd>" in page


def test_metrics_and_versions_that_are_not_shown_are_counted() -> None:
    page = _page(
        *(_summary(n) for n in range(40, 0, -1)),
        events=(_registered(40, None, **{f"m{n:02}": 1.0 for n in range(15)}),),
    )
    assert page.count("<svg") == 12
    assert "3 more metrics are not drawn" in page
    assert "10 older versions are not shown" in page


def test_a_button_leads_back_to_all_groups() -> None:
    assert _calls(_page()) == [{}]


def test_who_registered_what_waits_stands_beside_it() -> None:
    waiting = _summary(3, Approval.PENDING)
    page = _page(waiting, _summary(2), events=(_registered(3, auc=0.8),))
    assert "Registered by " in page
    assert '<span title="arn:x/rob">rob</span>, 2023-11-16' in page
