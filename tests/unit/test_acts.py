"""What people ask for beside decisions: pausing, resuming, trying a failed version again."""

from dataclasses import replace

import pytest

from lambdas.core.acts import Act, Retry, pause_of, retry_of
from lambdas.core.errors import Malformed
from lambdas.core.record import Approval, Direction, Pause, Phase
from lambdas.core.spec import Calendar, Freeze
from tests.builders import (
    NOW,
    START,
    Seen,
    after,
    ask,
    changed,
    decided_as,
    decided_on,
    having,
    live_on,
    names,
    package,
    placed,
    told,
)

V1, V2 = package(1), package(2)
ANN = "arn:aws:sts::123456789012:assumed-role/churn-approver/ann"


def asked(seen: Seen, kind: str, text: str, stamp: str = "1/1") -> Seen:
    """Somebody wrote an act, and its event came."""
    return replace(seen, acts=(Act(kind, text, stamp),), actors={kind: ANN}, spec_is_read=True)


# --- pause and resume -------------------------------------------------------------------------------------------


def test_a_pause_is_recorded_with_who_and_why_and_holds() -> None:
    decision = decided_on(asked(live_on(V1, V2), "pause", '{"reason": "incident 7"}'))
    (said,) = [event for event in decision.events if event.kind == "pause"]
    assert (said.reason, said.data["by"]) == ("paused: incident 7", ANN)
    assert decision.actions == ()
    assert after(decision).phase is Phase.PAUSED


def test_a_pause_is_recorded_once() -> None:
    seen = asked(live_on(V1), "pause", '{"reason": "incident 7"}')
    again = replace(seen, record=after(decided_on(seen)))
    decision, facts = ask(again)
    assert told(decision) == []
    assert facts.actors is None


def test_a_pause_written_once_more_is_another() -> None:
    seen = asked(live_on(V1), "pause", '{"reason": "incident 7"}')
    longer = asked(replace(seen, record=after(decided_on(seen))), "pause", '{"reason": "incident 8"}', "2/2")
    assert after(decided_on(longer)).pause == Pause("incident 8")


def paused() -> Seen:
    seen = asked(live_on(V1, V2), "pause", '{"reason": "incident 7"}')
    return replace(seen, record=after(decided_on(seen)))


def test_resuming_is_recorded_and_what_waited_goes() -> None:
    decision = decided_on(asked(paused(), "pause", '{"resume": true, "reason": "mended"}', "2/2"))
    assert told(decision) == ["resume", "rollout.started"]
    assert decision.events[0].reason == "resumed: mended"


def test_deleting_the_pause_resumes() -> None:
    decision = decided_on(replace(paused(), acts=(), spec_is_read=True))
    assert told(decision) == ["resume", "rollout.started"]


def test_before_anything_starts_a_pause_is_read_although_its_event_was_lost() -> None:
    seen = replace(asked(live_on(V1, V2), "pause", '{"reason": "incident 7"}'), spec_is_read=False)
    assert decided_on(seen).actions == ()


def test_a_pause_that_cannot_be_read_holds_what_moves_forward_and_lets_the_way_back_pass() -> None:
    seen = asked(live_on(V1, V2), "pause", "until monday")
    assert decided_on(seen).actions == ()
    assert "cannot be read" in decided_on(seen).reason
    back = live_on(V2, V1, kept=(placed(V1, live_at=START + 150),))
    rejected = changed(back, 2, approval=Approval.REJECTED, modified=NOW - 1)
    assert names(decided_on(asked(rejected, "pause", "until monday"))) == ["UpdateEndpoint"]


def test_a_pause_has_an_end_and_may_hold_the_way_back() -> None:
    text = '{"reason": "night", "until": "2026-11-24T08:00:00+01:00", "rollbacks": false}'
    assert pause_of(text) == Pause("night", 1795503600.0, rollbacks=False)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ("[]", "it is list"),
        ("{}", "reason is None"),
        ('{"reason": " "}', "reason is ' '"),
        ('{"reason": "x", "untill": "2026"}', "untill"),
        ('{"reason": "x", "until": "tomorrow"}', "until is 'tomorrow'"),
        ('{"reason": "x", "until": "2026-11-24T08:00:00"}', "lacks the offset"),
        ('{"reason": "x", "rollbacks": "no"}', "rollbacks is 'no'"),
        ('{"reason": "x", "resume": false}', "resume is False"),
    ],
)
def test_a_pause_that_is_none_is_told_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(Malformed, match=says):
        pause_of(text)


# --- retry ------------------------------------------------------------------------------------------------------


def failed() -> Seen:
    """v1 is live; v2 failed."""
    return decided_as(live_on(V1, V2), 2, failed="an alarm tripped", failures=1)


RETRY = '{"version": 2, "reason": "the feature store was down"}'


def test_a_failed_version_is_tried_again_when_somebody_asks_for_it() -> None:
    assert decided_on(failed()).actions == ()
    decision = decided_on(asked(failed(), "retry", RETRY))
    assert told(decision) == ["retry", "rollout.started"]
    assert "the feature store was down" in decision.events[0].reason
    assert decision.events[0].data["by"] == ANN


def test_a_retry_is_done_once() -> None:
    seen = asked(failed(), "retry", RETRY)
    once = after(decided_on(seen))
    again = replace(
        seen,
        record=replace(
            once, rollout=None, versions={**once.versions, 2: replace(once.versions[2], failed="again")}
        ),
    )
    assert told(decided_on(again)) == []


def test_a_version_that_failed_on_probation_is_tried_again_too() -> None:
    seen = live_on(V1, V2, kept=(placed(V2, live_at=NOW - 9000),))
    assert seen.record is not None
    back = replace(seen.record.kept[0], decided_at=V2.modified)  # gone back to
    seen = decided_as(
        having(seen, kept=(back, *seen.record.kept[1:])), 2, failed="an alarm tripped", failures=1
    )
    rollout = after(decided_on(asked(seen, "retry", RETRY))).rollout
    assert rollout is not None
    assert (rollout.version, rollout.direction) == (2, Direction.FORWARD)


def test_a_spec_that_failed_is_tried_again_too() -> None:
    seen = having(live_on(V1, V2), refused=placed(V2, live_at=None).config)
    decision = decided_on(asked(seen, "retry", RETRY))
    assert after(decision).refused is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"version": 1, "reason": "x"}', "did not fail"),
        ('{"version": 9, "reason": "x"}', "not approved"),
        ('{"version": "2", "reason": "x"}', "version is '2'"),
        ('{"version": 2}', "reason is None"),
    ],
)
def test_a_retry_of_nothing_is_said_and_does_nothing(text: str, says: str) -> None:
    decision = decided_on(asked(failed(), "retry", text))
    assert told(decision) == ["retry"]
    assert says in decision.events[0].reason
    assert decision.actions == ()


def test_a_retry_is_a_version_and_a_reason() -> None:
    assert retry_of(RETRY) == Retry(2, "the feature store was down")


# --- freeze windows of the account, and recurring ones ----------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"frozen": (Freeze(NOW - 10, NOW + 10, "weekend"),)},
        {"calendar": Calendar(freeze=(Freeze(NOW - 10, NOW + 10, "weekend"),))},
        {"calendar": None},
    ],
)
def test_in_a_window_of_the_account_or_one_that_recurs_nothing_moves_forward(
    changes: dict[str, object],
) -> None:
    seen = replace(live_on(V1, V2), **changes)  # type: ignore[arg-type] # passed on
    decision = decided_on(seen)
    assert decision.actions == ()
    assert "weekend" in decision.reason or "cannot be read" in decision.reason
    back = live_on(V2, V1, kept=(placed(V1, live_at=START + 150),))
    rejected = changed(back, 2, approval=Approval.REJECTED, modified=NOW - 1)
    assert names(decided_on(replace(rejected, **changes))) == ["UpdateEndpoint"]  # type: ignore[arg-type] # passed on


# --- a spec that cannot be read ---------------------------------------------------------------------------------

BROKEN = "parameter /greenlight/groups/churn: it is not JSON"


def test_a_spec_that_cannot_be_read_holds_what_moves_forward_and_says_so_once() -> None:
    seen = replace(live_on(V1, V2), unreadable=BROKEN, spec_is_read=True)
    decision = decided_on(seen)
    assert told(decision) == ["blocked", "blocked"]
    assert BROKEN in decision.reason
    assert decision.actions == ()
    assert told(decided_on(replace(seen, record=after(decision)))) == []


def test_a_spec_that_cannot_be_read_does_not_hold_up_the_way_back() -> None:
    back = live_on(V2, V1, kept=(placed(V1, live_at=START + 150),))
    rejected = changed(back, 2, approval=Approval.REJECTED, modified=NOW - 1)
    assert names(decided_on(replace(rejected, unreadable=BROKEN, spec_is_read=True))) == ["UpdateEndpoint"]


def test_a_spec_that_can_be_read_again_is_followed() -> None:
    seen = replace(live_on(V1, V2), unreadable=BROKEN, spec_is_read=True)
    mended = replace(seen, record=after(decided_on(seen)), unreadable=None)
    assert names(decided_on(mended))[-1] == "UpdateEndpoint"


def test_a_first_look_at_a_group_whose_spec_cannot_be_read_fails_loudly() -> None:
    with pytest.raises(Malformed, match="not JSON"):
        decided_on(Seen(None, (V1,), unreadable=BROKEN))
