"""The first look at a group: installing Greenlight never moves an endpoint by itself."""

from dataclasses import replace

import pytest

from lambdas.core.facts import Hint
from lambdas.core.record import Approval, Phase, Witness
from lambdas.core.spec import ApprovalSpec, Onboarding
from tests.builders import (
    APPROVER,
    GROUP,
    REGISTRANT,
    START,
    Seen,
    a_spec,
    after,
    decided_on,
    event_of,
    names,
    package,
    told,
)

BEFORE_US = START - 1000.0


def test_a_group_without_a_spec_is_not_ours() -> None:
    decision = decided_on(Seen(None, (package(1),), spec=None))
    assert decision.record is None
    assert (decision.entries, decision.actions) == ((), ())


def test_an_empty_group_is_idle() -> None:
    decision = decided_on(Seen(None))
    assert after(decision).phase is Phase.IDLE
    assert told(decision) == ["onboarded"]
    assert not decision.unsettled


def test_what_was_approved_before_the_spec_is_recorded_and_not_acted_on() -> None:
    decision = decided_on(Seen(None, (package(1, at=BEFORE_US), package(2, at=BEFORE_US + 1))))
    assert decision.actions == ()
    assert told(decision) == ["onboarded"]
    assert decision.events[0].data["approved_before"] == [1, 2]
    assert after(decision).ours_since == START


def test_what_was_approved_before_the_spec_is_deployed_if_the_spec_says_so() -> None:
    seen = Seen(None, (package(1, at=BEFORE_US),), spec=a_spec(onboarding=Onboarding.DEPLOY))
    decision = decided_on(seen)
    assert told(decision) == ["onboarded", "decision", "rollout.started"]
    assert names(decision)[-1] == "CreateEndpoint"


def test_an_approval_younger_than_the_spec_that_triggers_the_first_look_is_acted_on() -> None:
    seen = Seen(
        None,
        (package(1, at=BEFORE_US), package(2, at=START + 5)),
        hints=(event_of(package(2, at=START + 5)),),
    )
    decision = decided_on(seen)
    assert after(decision).versions[1].at < after(decision).ours_since
    rollout = after(decision).rollout
    assert rollout is not None
    assert rollout.version == 2


def test_an_approval_younger_than_the_spec_is_acted_on_without_its_event() -> None:
    rollout = after(decided_on(Seen(None, (package(2, at=START),)))).rollout
    assert rollout is not None
    assert rollout.version == 2


def test_an_approval_older_than_the_spec_is_not_acted_on_even_by_its_own_late_event() -> None:
    seen = Seen(None, (package(1, at=BEFORE_US),), hints=(event_of(package(1, at=BEFORE_US)),))
    first = decided_on(seen)
    assert first.actions == ()
    assert decided_on(replace(seen, record=after(first))).actions == ()


def test_approving_again_what_was_approved_before_us_deploys_it() -> None:
    seen = Seen(None, (package(1, at=BEFORE_US),))
    record = after(decided_on(seen))
    again = replace(seen, record=record, packages=(package(1, at=START + 50),))
    decision = decided_on(replace(again, hints=(event_of(package(1, at=START + 50)),)))
    assert "wrote its content too is not known" in after(decision).reason  # nobody of ours watched before
    one_eye = a_spec(approval=ApprovalSpec(four_eyes=False))
    seen = Seen(None, (package(1, at=BEFORE_US),), spec=one_eye)
    again = replace(seen, record=after(decided_on(seen)), packages=(package(1, at=START + 50),))
    decision = decided_on(replace(again, hints=(event_of(package(1, at=START + 50)),)))
    assert names(decision)[-1] == "CreateEndpoint"


@pytest.mark.parametrize("approval", [Approval.REJECTED, Approval.PENDING])
def test_what_was_not_approved_before_us_can_be_approved_later(approval: Approval) -> None:
    """With four eyes, CloudTrail is asked first who wrote the content of what was rejected: see test_authorship."""
    spec = a_spec(approval=ApprovalSpec(four_eyes=False))
    record = after(decided_on(Seen(None, (package(1, approval=approval, at=BEFORE_US),), spec=spec)))
    decision = decided_on(Seen(record, (package(1, at=START + 50),), spec=spec))
    assert names(decision)[-1] == "CreateEndpoint"


def test_the_second_look_tells_nothing_new() -> None:
    seen = Seen(None, (package(1, at=BEFORE_US),))
    first = decided_on(seen)
    second = decided_on(replace(seen, record=after(first)))
    assert not second.changed
    assert second.entries == ()


def test_a_group_remembers_the_spec_it_was_onboarded_with() -> None:
    record = after(decided_on(Seen(None)))
    assert record.spec == a_spec()
    assert record.group == GROUP


def test_an_approval_of_before_us_that_is_annotated_before_the_first_look_is_not_acted_on() -> None:
    """Only its last write is younger than the spec; CloudTrail tells when it was approved."""
    annotated = package(1, at=START + 5, author=REGISTRANT)
    first = decided_on(Seen(None, (annotated,)))
    assert first.actions == ()
    approval = Witness("e", GROUP, 1, BEFORE_US, APPROVER, Approval.APPROVED)
    hints = (Hint("trail", witness=approval), event_of(annotated, at=BEFORE_US))
    second = decided_on(Seen(after(first), (annotated,), hints=hints))
    assert second.actions == ()
    assert after(second).phase is Phase.IDLE
