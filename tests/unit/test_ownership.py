"""Rules 1, 2 and 5b: what is not ours, and what only a person can judge, is left alone."""

import json
from dataclasses import replace

import pytest

from lambdas.core.facts import EndpointStatus
from lambdas.core.names import GROUP_TAG, REASON_TAG
from lambdas.core.record import Approval, Phase
from lambdas.core.spec import AllowedSpec, ApprovalSpec, Mode
from tests.builders import (
    GROUP,
    NOW,
    Seen,
    a_record,
    a_spec,
    after,
    an_endpoint,
    ask,
    changed,
    decided_on,
    having,
    live_on,
    names,
    package,
    told,
)

FOREIGN = an_endpoint("somebody-elses-config")


def test_a_group_whose_spec_is_gone_keeps_its_endpoint() -> None:
    seen = replace(live_on(package(1), package(2)), spec=None)
    decision = decided_on(seen)
    assert after(decision).phase is Phase.UNMANAGED
    assert told(decision) == ["unmanaged"]
    assert decision.actions == ()
    assert not decision.unsettled


def test_an_unmanaged_group_stays_so_in_silence_until_a_spec_is_read() -> None:
    seen = replace(live_on(package(1), package(2)), spec=None)
    record = after(decided_on(seen))
    again = replace(seen, record=record)
    assert decided_on(again).entries == ()
    back = decided_on(replace(again, spec=a_spec(), spec_is_read=True))
    rollout = after(back).rollout
    assert rollout is not None
    assert rollout.version == 2


def test_a_changed_spec_is_told_with_what_it_was_and_is() -> None:
    seen = live_on(package(1))
    lax = a_spec(
        approval=ApprovalSpec(Mode.AUDIT, four_eyes=False),
        allowed=AllowedSpec(image_repositories=("anything",)),
    )
    event = decided_on(replace(seen, spec=lax, spec_is_read=True)).events[0]
    assert event.reason == (
        "the group's spec changed: allowed.image_repositories, approval.four_eyes, approval.mode"
    )
    assert event.data["changes"] == {
        "allowed.image_repositories": {"from": [], "to": ["anything"]},
        "approval.four_eyes": {"from": True, "to": False},
        "approval.mode": {"from": "enforce", "to": "audit"},
    }


@pytest.mark.parametrize("tags", [{}, {"team": "growth"}, {GROUP_TAG: "another-group"}])
@pytest.mark.parametrize("status", list(EndpointStatus))
def test_an_endpoint_that_is_not_ours_is_not_touched(tags: dict[str, str], status: EndpointStatus) -> None:
    foreign = replace(FOREIGN, status=status)
    decision = decided_on(Seen(a_record(), (package(1),), foreign, tags=tags))
    assert decision.actions == ()
    assert after(decision).phase is Phase.FOREIGN
    assert told(decision) == ["decision", "foreign"]


def test_an_endpoint_with_our_tag_but_an_unknown_config_is_brought_to_what_is_wanted() -> None:
    decision = decided_on(Seen(a_record(), (package(1),), FOREIGN))
    assert names(decision)[-1] == "UpdateEndpoint"


def test_an_endpoint_on_a_config_of_ours_needs_no_look_at_its_tags() -> None:
    _, facts = ask(live_on(package(1)))
    assert facts.tags is None


def test_a_group_is_told_of_a_foreign_endpoint_once() -> None:
    seen = Seen(a_record(), (package(1),), FOREIGN, tags={})
    first = decided_on(seen)
    assert decided_on(replace(seen, record=after(first))).entries == ()


def test_when_the_foreign_endpoint_goes_ours_is_made() -> None:
    seen = Seen(a_record(), (package(1),), FOREIGN, tags={})
    decision = decided_on(replace(seen, record=after(decided_on(seen)), endpoint=None))
    assert names(decision)[-1] == "CreateEndpoint"


@pytest.mark.parametrize("status", [EndpointStatus.UPDATE_ROLLBACK_FAILED, EndpointStatus.OUT_OF_SERVICE])
def test_an_endpoint_that_sagemaker_left_between_two_states_halts_the_group(status: EndpointStatus) -> None:
    seen = live_on(package(1), package(2))
    assert seen.endpoint is not None
    decision = decided_on(
        replace(seen, endpoint=replace(seen.endpoint, status=status, failure="no capacity"))
    )
    assert after(decision).phase is Phase.HALTED
    assert "no capacity" in decision.reason
    assert decision.actions == ()
    assert decision.unsettled


def test_a_halted_group_is_told_once_and_goes_on_when_the_endpoint_is_well() -> None:
    seen = live_on(package(1), package(2))
    assert seen.endpoint is not None
    stuck = replace(seen, endpoint=replace(seen.endpoint, status=EndpointStatus.UPDATE_ROLLBACK_FAILED))
    record = after(decided_on(stuck))
    assert decided_on(replace(stuck, record=record)).entries == ()
    assert names(decided_on(replace(seen, record=record)))[-1] == "UpdateEndpoint"


def test_decisions_are_recorded_while_the_group_is_halted() -> None:
    seen = changed(live_on(package(1)), 1, approval=Approval.REJECTED, modified=NOW - 5)
    assert seen.endpoint is not None
    stuck = replace(seen, endpoint=replace(seen.endpoint, status=EndpointStatus.UPDATE_ROLLBACK_FAILED))
    assert told(decided_on(stuck)) == ["decision", "halted"]


def test_the_endpoint_of_another_name_in_a_changed_spec_is_refused_and_said_once() -> None:
    seen = live_on(package(1))
    renamed = a_spec(endpoint=replace(a_spec().endpoint, name="other"))
    read = replace(seen, spec=renamed, spec_is_read=True)
    decision = decided_on(read)
    assert told(decision) == ["blocked"]
    spec = after(decision).spec
    assert spec is not None
    assert spec.endpoint.name == GROUP
    assert decision.actions == ()
    again = decided_on(replace(read, record=after(decision)))
    assert again.entries == ()


def test_undoing_the_new_endpoint_name_is_taken_in() -> None:
    seen = having(live_on(package(1)), renamed="other")
    assert after(decided_on(replace(seen, spec_is_read=True))).renamed is None


def test_a_renamed_endpoint_does_not_hide_the_other_changes_of_its_spec() -> None:
    seen = live_on(package(1))
    renamed = a_spec(endpoint=replace(a_spec().endpoint, name="other", instance_type="ml.m5.xlarge"))
    decision = decided_on(replace(seen, spec=renamed, spec_is_read=True))
    assert told(decision) == ["blocked", "spec", "rollout.started"]


def test_an_endpoint_that_its_owner_gave_us_by_our_tag_is_adopted_and_told_once() -> None:
    seen = Seen(a_record(), (), FOREIGN)
    decision = decided_on(seen)
    assert told(decision) == ["adopted"]
    assert decision.actions == ()
    assert decided_on(replace(seen, record=after(decision))).entries == ()


def test_the_ledger_says_why_an_endpoint_was_given() -> None:
    tags = {GROUP_TAG: GROUP, REASON_TAG: "the team moves to Greenlight"}
    decision = decided_on(Seen(a_record(), (), FOREIGN, tags=tags))
    (entry,) = decision.entries
    told_of = json.loads(entry.body)
    assert told_of["data"]["why"] == "the team moves to Greenlight"
    assert "Given because: the team moves to Greenlight" in told_of["reason"]


def test_an_adopted_endpoint_is_moved_by_the_next_approval() -> None:
    seen = Seen(a_record(), (), FOREIGN)
    approved = replace(seen, record=after(decided_on(seen)), packages=(package(1),))
    assert names(decided_on(approved))[-1] == "UpdateEndpoint"


@pytest.mark.parametrize("variants", [("blue",), ("AllTraffic", "shadow")])
def test_an_endpoint_with_other_variants_cannot_be_adopted_and_says_why(variants: tuple[str, ...]) -> None:
    decision = decided_on(Seen(a_record(), (package(1),), replace(FOREIGN, variants=variants)))
    assert after(decision).phase is Phase.FOREIGN
    assert variants[0] in decision.reason
    assert decision.actions == ()
