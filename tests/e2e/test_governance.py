"""Only an approver's decision, on exactly what was approved, reaches an endpoint; and it can be proven afterwards."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.core.corrections import corrected
from lambdas.core.ledger import Event, Kind
from lambdas.core.record import Phase
from local.aws import LocalAws, LocalAwsError
from local.demo.people import APPROVER, SCIENTIST, Person, session
from tests.e2e.scene import IMAGE, Scene
from tests.e2e.test_scenarios import in_phase

Make = Callable[..., Scene]
ADMIN = "platform-admins"
EVIL = "123456789012.dkr.ecr.us-east-1.amazonaws.com/evil:1"


@pytest.fixture(scope="module")
def admin(aws: LocalAws) -> Any:
    """SageMaker as somebody whom IAM lets do everything, and who is no approver."""
    iam = aws.client("iam")
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{aws.account}:root"},
        "Action": "sts:AssumeRole",
    }
    iam.create_role(RoleName=ADMIN, AssumeRolePolicyDocument=_document(trust))
    iam.put_role_policy(RoleName=ADMIN, PolicyName="all", PolicyDocument=_document(everything))
    return aws.client("sagemaker", role=ADMIN, session_name="dora")


def _document(*statements: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@contextmanager
def control(aws: LocalAws, **settings: object) -> Iterator[None]:
    """The local AWS with other settings for a while."""
    before = aws.control()
    aws.control(**settings)
    try:
        yield
    finally:
        aws.control(**{key: before[key] for key in settings})


def approve(client: Any, scene: Scene, version: int) -> None:
    client.update_model_package(ModelPackageArn=scene.arns[version], ModelApprovalStatus="Approved")


def said(scene: Scene, kind: Kind) -> list[str]:
    """What the ledger says of a kind."""
    return [line.reason for line in scene.watch.ledger() if line.kind == kind.value]


def decisions(scene: Scene) -> list[Event]:
    """What the ledger says of decisions, as it is known by now."""
    lines = scene.watch.ledger()
    events = [Event(Kind(one.kind), one.at, one.reason, one.version, one.data) for one in lines]
    return [event for event in corrected(events) if event.kind is Kind.DECISION]


def test_an_admins_approval_is_let_pass_by_iam_blocked_by_us_and_named_in_the_ledger(
    scene: Make, admin: Any
) -> None:
    s = scene("by-an-admin")
    version = s.register()
    approve(admin, s, version)
    # Until CloudTrail tells, nobody is said to have approved it: an admin may have annotated it.
    named = "assumed-role/platform-admins/dora approved it, who is not an approver"
    s.until_swept("CloudTrail to name who approved", lambda: _reason_with(s, named))
    in_phase(s, Phase.BLOCKED)
    assert s.watch.endpoint() is None
    (decision,) = decisions(s)
    assert str(decision.data["by"]).endswith("assumed-role/platform-admins/dora")
    s.approve(version)
    s.until_live(version)


def test_an_approver_who_registered_the_version_is_blocked_until_another_approves(scene: Make) -> None:
    s = scene("own-work")
    version = s.register()
    maya_as_approver = session(
        s.aws, Person(SCIENTIST.name, APPROVER.company_role), "sagemaker", (s.group, "approver")
    )
    approve(maya_as_approver, s, version)
    assert "the same person" in in_phase(s, Phase.BLOCKED)
    assert s.watch.endpoint() is None
    s.approve(version)
    s.until_live(version)


def test_content_changed_between_approval_and_rollout_is_blocked(scene: Make) -> None:
    s = scene("tampered")
    s.aws.control(faults={"quota": {"ml.p4d.24xlarge": 0}})
    version = s.register()
    s.approve(version)
    in_phase(s, Phase.WAITING)
    # Looks at what CloudTrail tells are beside all others: while one may yet start a rollout, nothing is blocked.
    s.until_said(Kind.WITNESS, version)
    s.until("all looks to be over", lambda: s.watch.at_rest() or None)
    s.scientist().update_model_package(
        ModelPackageArn=s.arns[version], InferenceSpecification=_specification(s, version, Image=EVIL)
    )
    s.watch.sweep()
    # Before there is room again: a look that had begun before the change may make the endpoint of what was approved.
    assert "content changed after it was approved" in in_phase(s, Phase.BLOCKED)
    s.aws.control(faults={"quota": {}})
    s.watch.sweep()
    assert s.watch.endpoint() is None
    assert not [image for image in _images(s) if "evil" in image]


def _images(scene: Scene) -> list[str]:
    """The images of all models of the group."""
    sagemaker = scene.aws.client("sagemaker")
    models = sagemaker.list_models(NameContains=f"{scene.group}-v")["Models"]
    described = [sagemaker.describe_model(ModelName=model["ModelName"]) for model in models]
    return [str(one["Image"]) for model in described for one in model["Containers"]]


def test_content_changed_before_anybody_looked_is_blocked_by_the_approvals_own_event(scene: Make) -> None:
    s = scene("swapped")
    version = s.register()
    s.until_noted(version)
    with control(s.aws, event_faults={"delayed": 1.0, "delay": 900, "seed": 3}, trail_delay=1200):
        s.approve(version)
        time.sleep(1.1)  # an event's times are whole seconds
        s.scientist().update_model_package(
            ModelPackageArn=s.arns[version], InferenceSpecification=_specification(s, version, Image=EVIL)
        )
    reason = s.until("the difference to be told", lambda: _reason_with(s, "was approved, and is"))
    assert "evil:1" in reason
    assert s.watch.endpoint() is None


def test_content_added_before_anybody_looked_is_blocked_though_the_approvals_event_does_not_tell_it(
    scene: Make,
) -> None:
    s = scene("slipped-in")
    version = s.register()
    s.until_noted(version)
    with control(s.aws, event_faults={"delayed": 1.0, "delay": 900, "seed": 3}, trail_delay=1200):
        s.approve(version)
        time.sleep(1.1)  # an event's times are whole seconds
        added = _specification(
            s, version, Environment={"SAGEMAKER_SUBMIT_DIRECTORY": "s3://evil/code.tar.gz"}
        )
        s.scientist().update_model_package(ModelPackageArn=s.arns[version], InferenceSpecification=added)

    def swept() -> str | None:
        s.watch.sweep()
        return _reason_with(s, "changed it afterwards")

    assert "registrant" in s.until("CloudTrail's answer to be told", swept)
    assert s.watch.endpoint() is None


def test_an_approver_puts_nothing_of_their_own_live_however_often_they_approve_it(scene: Make) -> None:
    s = scene("own-content")
    version = s.register()
    own = _specification(s, version, Environment={"MODE": "mine"})
    s.approver().update_model_package(
        ModelPackageArn=s.arns[version], ModelApprovalStatus="Approved", InferenceSpecification=own
    )
    assert "wrote its content, the same person" in in_phase(s, Phase.BLOCKED)
    for status in ("Approved", "Rejected", "Approved"):
        s.decide(version, status)
        s.until("the decision to be taken in", lambda status=status: _last_decision(s, status))  # type: ignore[misc] # bound
    assert "wrote its content, the same person" in in_phase(s, Phase.BLOCKED)
    assert s.watch.endpoint() is None
    other = session(s.aws, Person("zoe", APPROVER.company_role), "sagemaker", (s.group, "approver"))
    time.sleep(1.1)  # an event's times are whole seconds
    approve(other, s, version)
    s.until_live(version)


def _last_decision(scene: Scene, status: str) -> bool | None:
    decisions = [line for line in scene.watch.ledger() if line.kind == Kind.DECISION.value]
    return True if decisions[-1].data["after"] == status else None


def _reason_with(scene: Scene, words: str) -> str | None:
    record = scene.watch.record()
    return record.reason if record and words in record.reason else None


def _specification(scene: Scene, version: int, **changes: object) -> dict[str, Any]:
    return {
        "Containers": [{**scene.container(version), **changes}],
        "SupportedContentTypes": ["text/plain"],
        "SupportedResponseMIMETypes": ["text/plain"],
    }


def test_what_an_annotator_wrote_over_is_deployed_on_the_witness_proof_once_cloudtrail_must_have_told_all(
    scene: Make,
) -> None:
    s = scene("annotated")
    version = s.register()
    s.until_noted(version)
    with control(s.aws, event_faults={"delayed": 1.0, "delay": 900, "seed": 3}, trail_delay=1200):
        s.approve(version)
        time.sleep(1.1)  # an event's times are whole seconds
        s.scientist().update_model_package(
            ModelPackageArn=s.arns[version], CustomerMetadataProperties={"note": "reviewed"}
        )
    s.until("the witness", lambda: True if said(s, Kind.WITNESS) else None)
    in_phase(s, Phase.BLOCKED)
    assert s.watch.endpoint() is None
    with control(s.aws, function_clock_ahead=1200):
        s.until("the sweep that finds it proven", lambda: _swept(s, version))
    assert [line.kind for line in s.watch.ledger()].count(Kind.DECISION.value) == 1
    assert any("is awaited" in reason or "will prove it" in reason for reason in said(s, Kind.BLOCKED))


def _swept(scene: Scene, version: int) -> bool | None:
    """Whether a version is live after one more sweep."""
    scene.watch.sweep()
    return scene.watch.settled_on(version)


def test_without_identities_an_approval_waits_for_its_witness_says_so_and_goes_on_it(scene: Make) -> None:
    s = scene("awaited")
    with control(s.aws, switches={"iam_identity_present": False}, trail_delay=1200):
        version = s.register()
        s.approve(version)
        assert "CloudTrail's event of the approval is awaited" in in_phase(s, Phase.BLOCKED)
        assert s.watch.endpoint() is None
        s.until_live(version)
    assert said(s, Kind.WITNESS)


def test_a_witness_lost_on_its_way_is_asked_for_by_the_sweep(scene: Make) -> None:
    s = scene("unwitnessed")
    with control(s.aws, switches={"iam_identity_present": False}, trail=False):
        version = s.register()
        s.approve(version)
        assert "is awaited" in in_phase(s, Phase.BLOCKED)
        s.until("the sweep to find the witness", lambda: _swept(s, version))


def test_in_audit_mode_an_admins_approval_goes_live_and_the_ledger_says_what_enforce_would_do(
    scene: Make, admin: Any
) -> None:
    s = scene("audited")
    version = s.register()
    approve(admin, s, version)
    s.until_live(version)
    (unproven,) = said(s, Kind.UNPROVEN)
    assert "enforce would block it" in unproven

    def named() -> bool | None:
        return (
            True
            if all(str(one.data["by"]).endswith("platform-admins/dora") for one in decisions(s))
            else None
        )

    s.until_swept("CloudTrail to name who approved", named)


def test_a_registrant_who_annotates_each_rejection_is_not_named_for_it(scene: Make) -> None:
    s = scene("annotated-no")
    version = s.register()
    s.until_said(Kind.PENDING, version)
    s.reject(version)
    s.scientist().update_model_package(
        ModelPackageArn=s.arns[version], ApprovalDescription="rob says that ann found it bad"
    )
    s.watch.sweep()
    s.until_said(Kind.DECISION, version)
    (first,) = [line for line in s.watch.ledger() if line.kind == Kind.DECISION.value]
    assert first.data["by"] is None or str(first.data["by"]).endswith("jonas")
    assert "rob" not in first.reason

    def told() -> Event | None:
        (known,) = decisions(s)
        return known if known.data["by"] is not None and known.data["why"] else None

    with control(s.aws, function_clock_ahead=1200):  # CloudTrail must have told everything by then
        known = s.until_swept("CloudTrail to tell who rejected, and why", told)
    assert str(known.data["by"]).endswith("-approver/jonas")
    assert known.data["why"] == "e2e"


def test_a_group_with_a_policy_of_its_own_lets_nobody_else_decide(scene: Make, admin: Any) -> None:
    s = scene("own-policy")
    version = s.register()
    with pytest.raises(ClientError, match="explicit deny in a resource-based policy"):
        approve(admin, s, version)
    s.approve(version)
    s.until_live(version)


def test_where_aws_takes_no_deny_in_a_groups_policy_its_stack_says_so_and_goes_without_one(
    scene: Make, tmp_path: Path
) -> None:
    s = scene("no-policy")
    with control(s.aws, switches={"group_policy_deny_accepted": False}):
        with pytest.raises(LocalAwsError, match="Invalid ResourcePolicy: only Effect Allow"):
            s.deploy(tmp_path, approval={"resource_policy": True})
        s.deploy(tmp_path, approval={"resource_policy": False})
        s.go_live()


def test_an_approver_of_one_group_decides_nothing_in_another(scene: Make) -> None:
    s, other = scene("edited"), scene("own-work")
    version = s.register()
    for status in ("Approved", "Rejected"):
        with pytest.raises(ClientError, match="AccessDenied"):
            other.approver().update_model_package(ModelPackageArn=s.arns[version], ModelApprovalStatus=status)


def test_an_image_from_a_repository_that_is_not_allowed_is_blocked(scene: Make) -> None:
    s = scene("picky")
    version = s.register()
    s.approve(version)
    assert f"its image is from {IMAGE.partition(':')[0]}" in in_phase(s, Phase.BLOCKED)
    assert s.watch.endpoint() is None


def test_a_group_that_asks_for_a_source_identity_lets_nobody_in_without_or_with_a_chosen_one(
    scene: Make,
) -> None:
    s = scene("strict-door")
    sts = s.aws.client("sts", role=APPROVER.company_role, session_name="jonas")
    role = f"arn:aws:iam::{s.aws.account}:role/greenlight/{s.group}-approver"
    for asked in ({}, {"SourceIdentity": "jonas"}):
        with pytest.raises(ClientError, match="AccessDenied"):
            sts.assume_role(RoleArn=role, RoleSessionName="jonas", **asked)


def test_the_controllers_own_role_decides_nothing(scene: Make) -> None:
    s = scene("edited")
    version = s.register()
    with _as_role(s.aws, "greenlight-reconcile", "sagemaker") as reconcile:
        for status in ("Approved", "Rejected"):
            with pytest.raises(ClientError, match="explicit deny in an identity-based policy"):
                reconcile.update_model_package(ModelPackageArn=s.arns[version], ModelApprovalStatus=status)


@contextmanager
def _as_role(aws: LocalAws, name: str, service: str) -> Iterator[Any]:
    """A client in a session of a role that only a service may assume; its trust is put back afterwards."""
    iam = aws.client("iam")
    trusted = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    root = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{aws.account}:root"},
        "Action": "sts:AssumeRole",
    }
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=_document(*trusted["Statement"], root))
    try:
        yield aws.client(service, role=f"greenlight/{name}")
    finally:
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trusted))


def test_nobody_edits_the_ledger_and_who_takes_its_policy_away_first_is_found_by_number(scene: Make) -> None:
    s = scene("edited")
    s.go_live()
    dynamodb = s.aws.client("dynamodb")
    table = s.watch.ledger_table()
    edit: dict[str, Any] = {
        "TableName": table,
        "Key": {"group": {"S": s.group}, "seq": {"N": "2"}},
        "UpdateExpression": "SET body = :body",
        "ExpressionAttributeValues": {":body": {"S": '{"kind": "decision", "reason": "nothing happened"}'}},
    }
    with pytest.raises(ClientError, match="explicit deny in a resource-based policy"):
        dynamodb.update_item(**edit)
    arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    policy = dynamodb.get_resource_policy(ResourceArn=arn)["Policy"]
    dynamodb.delete_resource_policy(ResourceArn=arn)
    try:
        dynamodb.update_item(**edit)
    finally:
        dynamodb.put_resource_policy(ResourceArn=arn, Policy=policy)
    assert s.watch.broken_entry() == 2
