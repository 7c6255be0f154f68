"""What must be true of an approved version before a rollout to it may start."""

from dataclasses import replace

import pytest

from lambdas.core.content import Container
from lambdas.core.facts import Hint, Trail
from lambdas.core.gates import obstacles
from lambdas.core.identity import Identity
from lambdas.core.record import Approval, Phase, Witness
from tests.builders import (
    ACCOUNT,
    APPROVER,
    GROUP,
    NOW,
    REGISTRANT,
    START,
    Seen,
    a_record,
    a_spec,
    after,
    an_endpoint_spec,
    changed,
    decided_as,
    decided_on,
    event_of,
    known,
    live_on,
    package,
    placed,
    told,
)

GOOD = package(2)


def test_a_version_as_it_was_approved_passes() -> None:
    assert obstacles(a_spec(), known(GOOD), GOOD) == ()


@pytest.mark.parametrize("approval", [Approval.REJECTED, Approval.PENDING])
def test_it_must_still_be_approved(approval: Approval) -> None:
    (reason,) = obstacles(a_spec(), known(GOOD), replace(GOOD, approval=approval))
    assert approval.value in reason


@pytest.mark.parametrize("status", ["Pending", "InProgress", "Failed", "Deleting"])
def test_the_package_must_be_completed(status: str) -> None:
    (reason,) = obstacles(a_spec(), known(GOOD), replace(GOOD, status=status))
    assert status in reason


def test_it_must_have_a_container() -> None:
    empty = package(2, containers=())
    (reason,) = obstacles(a_spec(), known(empty), empty)
    assert "no container" in reason


@pytest.mark.parametrize(
    "change",
    [
        {"image": "scorer:evil"},
        {"image_digest": "sha256:beef"},
        {"more": {"ModelInput": {"DataInputConfig": "{}"}}},
        {"model_data": "s3://elsewhere/model.tar.gz"},
        {"model_etag": "beef"},
        {"environment": {"DEBUG": "1"}},
    ],
)
def test_its_content_must_be_what_was_approved(change: dict[str, object]) -> None:
    container = replace(GOOD.containers[0], **change)  # type: ignore[arg-type] # one field of the container
    (reason,) = obstacles(a_spec(), known(GOOD), replace(GOOD, containers=(container,)))
    assert "approve it again" in reason


def test_another_container_is_another_content() -> None:
    twice = replace(GOOD, containers=GOOD.containers * 2)
    assert len(obstacles(a_spec(), known(GOOD), twice)) == 1


def test_a_version_that_left_the_registry_does_not_pass() -> None:
    assert obstacles(a_spec(), known(GOOD), None) == ("it is no longer in the registry",)


@pytest.mark.parametrize("partition", ["aws", "aws-cn"])
def test_a_session_of_the_groups_approver_role_passes(partition: str) -> None:
    spec = a_spec(execution_role=f"arn:{partition}:iam::{ACCOUNT}:role/greenlight/{GROUP}-endpoint")
    approver = Identity(APPROVER.arn.replace("arn:aws:", f"arn:{partition}:"))
    assert obstacles(spec, known(GOOD, by=approver), GOOD) == ()


def test_without_any_identity_the_witness_is_awaited() -> None:
    (reason,) = obstacles(a_spec(), known(GOOD, by=None), GOOD)
    assert "CloudTrail's event of the approval is awaited" in reason


@pytest.mark.parametrize(
    "identity",
    [
        f"arn:aws:sts::{ACCOUNT}:assumed-role/{GROUP}-registrant/ann",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/other-{GROUP}-approver/ann",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/{GROUP}-approver-2/ann",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/other/{GROUP}-approver",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/{GROUP}-approver",
        f"arn:aws:sts::999999999999:assumed-role/{GROUP}-approver/ann",
        f"arn:aws:iam::{ACCOUNT}:role/greenlight/{GROUP}-approver",
        f"arn:aws:iam::{ACCOUNT}:user/{GROUP}-approver",
        f"arn:aws:iam::{ACCOUNT}:root",
        "somebody",
        "",
    ],
)
def test_anyone_else_does_not(identity: str) -> None:
    (reason,) = obstacles(a_spec(), known(GOOD, by=Identity(identity)), GOOD)
    assert "not an approver" in reason


def test_a_group_name_is_no_pattern() -> None:
    by = Identity(f"arn:aws:sts::{ACCOUNT}:assumed-role/axb-approver/ann")
    assert obstacles(replace(a_spec(), name="a.b"), known(GOOD, by=by), GOOD)


def test_who_registered_a_version_does_not_approve_it() -> None:
    (reason,) = obstacles(a_spec(), known(GOOD, registrant=APPROVER), GOOD)
    assert "the same person" in reason


def test_every_reason_is_told_at_once() -> None:
    bad = replace(GOOD, status="Failed", containers=(), approval=Approval.REJECTED)
    assert len(obstacles(a_spec(), known(GOOD, by=Identity("somebody")), bad)) == 5


def test_a_blocked_version_is_said_and_the_live_one_serves_on() -> None:
    seen = live_on(package(1), package(2, status="InProgress"))
    decision = decided_on(seen)
    assert decision.actions == ()
    assert told(decision) == ["blocked"]
    assert after(decision).phase is Phase.BLOCKED
    assert decision.unsettled
    assert decided_on(replace(seen, record=after(decision))).entries == ()


def test_a_blocked_version_gives_way_to_the_next_younger_approval() -> None:
    decision = decided_on(live_on(package(1), package(2), package(3, containers=())))
    rollout = after(decision).rollout
    assert rollout is not None
    assert rollout.version == 2


def test_a_version_blocked_for_its_changed_content_goes_when_it_is_approved_again() -> None:
    """By somebody who did not change it: with four eyes CloudTrail is asked who did."""
    evil = replace(package(2), containers=(replace(GOOD.containers[0], image="scorer:2"),))
    seen = replace(live_on(package(1), package(2)), packages=(package(1), evil))
    blocked = decided_on(seen)
    assert after(blocked).phase is Phase.BLOCKED
    seen = replace(seen, record=after(blocked))
    seen = changed(seen, 2, approval=Approval.REJECTED, modified=NOW - 3)
    seen = replace(seen, record=after(decided_on(seen)))
    seen = changed(seen, 2, approval=Approval.APPROVED, modified=NOW - 1)
    waiting = decided_on(seen)
    assert "CloudTrail's answer is awaited" in after(waiting).reason
    calls = (
        Witness("e-1", GROUP, 2, NOW - 50, REGISTRANT, content=True),
        Witness("e-2", GROUP, 2, NOW - 1, APPROVER, Approval.APPROVED),
    )
    later = replace(seen, record=after(waiting), hints=(Hint("sweep"),), now=NOW + 900)
    approved = decided_on(replace(later, trail=Trail(calls, complete=True)))
    rollout = after(approved).rollout
    assert rollout is not None
    assert rollout.version == 2


def test_with_nothing_live_a_blocked_version_blocks_the_group() -> None:
    decision = decided_on(Seen(a_record(), (package(1, author=Identity("somebody")),)))
    assert after(decision).phase is Phase.BLOCKED
    assert decision.actions == ()


INTRUDER = Identity(f"arn:aws:sts::{ACCOUNT}:assumed-role/{GROUP}-registrant/rob")


def went_back_and_forth(approval: Approval, author: Identity) -> Seen:
    """v2 is live, v1 was live before and was rejected since; then somebody decides on one of them."""
    seen = live_on(package(2), package(1), kept=(placed(package(1), live_at=START + 150),))
    return changed(seen, 1, approval=approval, author=author, modified=NOW - 50)


def test_a_rejected_version_approved_by_somebody_who_may_not_is_no_way_back() -> None:
    seen = went_back_and_forth(Approval.REJECTED, APPROVER)
    seen = replace(seen, record=after(decided_on(seen)))
    seen = changed(seen, 1, approval=Approval.APPROVED, author=INTRUDER, modified=NOW - 40)
    seen = changed(seen, 2, approval=Approval.REJECTED, modified=NOW - 30)
    decision = decided_on(seen)
    assert decision.actions == ()
    assert after(decision).phase is Phase.WITHDRAWN


def test_a_rejected_live_version_is_not_kept_by_the_approval_of_somebody_who_may_not() -> None:
    seen = live_on(package(2), package(1), kept=(placed(package(1), live_at=START + 150),))
    seen = decided_as(seen, 2, approval=Approval.REJECTED, at=NOW - 30)
    seen = changed(seen, 2, author=INTRUDER, modified=NOW - 20)
    rollout = after(decided_on(seen)).rollout
    assert rollout is not None
    assert rollout.version == 1


def test_a_second_approval_by_somebody_who_may_not_changes_nothing() -> None:
    seen = changed(live_on(package(2), package(1)), 2, author=INTRUDER, modified=NOW - 20)
    decision = decided_on(replace(seen, hints=(event_of(package(2), at=NOW - 20),)))
    assert not decision.changed
    assert decision.actions == ()


# --- where it lies ----------------------------------------------------------------------------------------------

RISK = a_spec(artifacts=("s3://models/risk", "s3://other-bucket/", "s3://acme/team=risk/pd"))


@pytest.mark.parametrize(
    "place",
    [
        "s3://models/risk/1/model.tar.gz",
        "s3://models/risk//1/model.tar.gz",
        "s3://models/risk/with space/dt=2026-01-05/model.tar.gz",
        "s3://models/risk/",
        "s3://other-bucket/anywhere.tar.gz",
        "s3://acme/team=risk/pd/1.tar.gz",
    ],
)
def test_an_artifact_below_one_of_the_groups_prefixes_passes(place: str) -> None:
    version = package(2, containers=(Container("scorer:1", model_data=place),))
    assert obstacles(RISK, known(version), version) == ()


@pytest.mark.parametrize(
    "place",
    [
        "s3://models/risky/model.tar.gz",
        "s3://models/risk",
        "s3://models/model.tar.gz",
        "s3://models//risk/model.tar.gz",
        "s3://models/risk/../other/model.tar.gz",
        "s3://Models/risk/model.tar.gz",
        "s3://other-bucket-2/model.tar.gz",
        "s3://models",
        "https://s3.eu-west-1.amazonaws.com/models/risk/model.tar.gz",
    ],
)
def test_an_artifact_elsewhere_is_named_with_the_prefixes_and_the_way_out(place: str) -> None:
    version = package(2, containers=(Container("scorer:1", model_data=place),))
    (reason,) = obstacles(RISK, known(version), version)
    assert f"its artifact {place} lies outside the group's artifacts (s3://models/risk," in reason
    assert "register it from below one of them, or add its prefix to `artifacts`" in reason


def test_every_place_of_every_container_must_lie_below_them() -> None:
    source = {"S3DataSource": {"S3Uri": "s3://models/risk/x/", "ManifestS3Uri": "s3://elsewhere/manifest"}}
    further = [{"ChannelName": "a", "S3DataSource": {"S3Uri": "s3://elsewhere/adapter"}}]
    containers = (
        Container("scorer:1", more={"ModelDataSource": source, "AdditionalModelDataSources": further}),
        Container("scorer:1", model_data="s3://elsewhere/second"),
    )
    version = package(2, containers=containers)
    reasons = obstacles(RISK, known(version), version)
    assert [reason.split()[2] for reason in reasons] == [
        "s3://elsewhere/manifest",
        "s3://elsewhere/adapter",
        "s3://elsewhere/second",
    ]


def test_a_version_that_a_pipeline_registered_elsewhere_is_blocked_and_the_live_one_serves_on() -> None:
    spec = a_spec(artifacts=(f"s3://models/{GROUP}",))
    strayed = package(
        2, containers=(Container("scorer:1", model_data="s3://sagemaker-eu-west-1-1/m.tar.gz"),)
    )
    decision = decided_on(live_on(package(1, at=START), strayed, spec=spec))
    assert after(decision).phase is Phase.BLOCKED
    assert "v2: its artifact s3://sagemaker-eu-west-1-1/m.tar.gz lies outside" in after(decision).reason
    assert decision.actions == ()


def test_a_kept_version_is_gone_back_to_wherever_it_lies() -> None:
    """What served once goes on to: the group's `artifacts` may have changed since."""
    spec = a_spec(artifacts=("s3://elsewhere/now",))
    seen = live_on(package(2), package(1), kept=(placed(package(1), live_at=START + 150),), spec=spec)
    rejected = changed(seen, 2, approval=Approval.REJECTED, modified=NOW - 30)
    rollout = after(decided_on(rejected)).rollout
    assert rollout is not None
    assert rollout.version == 1


def test_what_is_live_serves_on_when_the_groups_artifacts_move_away_and_is_not_made_anew() -> None:
    """A new endpoint config would be read by a role that may not read there any more."""
    seen = live_on(package(1))
    moved = a_spec(artifacts=("s3://elsewhere/now",), endpoint=an_endpoint_spec(instance_type="ml.m5.xlarge"))
    decision = decided_on(replace(seen, spec=moved, spec_is_read=True))
    assert decision.actions == ()
    assert after(decision).phase is Phase.BLOCKED
    assert "lies outside the group's artifacts" in after(decision).reason


def test_artifacts_that_move_away_alone_change_nothing_of_what_is_live() -> None:
    seen = live_on(package(1))
    moved = a_spec(artifacts=("s3://elsewhere/now",))
    decision = decided_on(replace(seen, spec=moved, spec_is_read=True))
    assert decision.actions == ()
    assert after(decision).phase is Phase.SETTLED
