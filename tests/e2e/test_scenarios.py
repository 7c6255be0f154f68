"""What approvers and mistakes do, seen from outside."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from lambdas.core.ledger import Kind
from lambdas.core.record import Phase
from tests.e2e.groups import SWITCHES
from tests.e2e.scene import IMAGE, Scene

Make = Callable[..., Scene]


def phase(scene: Scene) -> Phase | None:
    record = scene.watch.record()
    return record.phase if record else None


def in_phase(scene: Scene, wanted: Phase) -> str:
    def seek() -> str | None:
        record = scene.watch.record()
        return record.reason if record and record.phase is wanted else None

    return scene.until_swept(f"phase {wanted.value}", seek)


def test_a_version_rejected_while_it_bakes_is_aborted_once(scene: Make) -> None:
    s = scene("aborted")
    good, other = s.go_live(), s.register()
    with s.slowly():
        s.approve(other)
        s.until("the bake", s.watch.baking)
        s.reject(other)
        s.until_said(Kind.ABORTED, other)
    s.until_live(good)
    assert s.kinds()[Kind.ABORT.value] == 1
    assert s.watch.broken_entry() is None


@pytest.mark.parametrize(("name", "outside"), [("aborted-early-on", True), ("aborted-early-off", False)])
def test_a_version_rejected_before_it_takes_traffic_goes_whether_alarms_outside_baking_count_or_not(
    scene: Make, name: str, outside: bool
) -> None:
    s = scene(name)
    good, other = s.go_live(), s.register()
    s.aws.control(switches={"alarm_outside_baking_rolls_back": outside})
    try:
        with s.slowly():
            s.approve(other)
            s.until("its fleet to be provisioned", lambda: provisioning(s) or None)
            s.reject(other)
            s.until_said(Kind.ABORTED, other)
        s.until_live(good)
    finally:
        s.aws.control(switches={"alarm_outside_baking_rolls_back": False})
    (aborted,) = [line for line in s.watch.ledger() if line.kind == Kind.ABORTED.value]
    assert aborted.data["seconds_from_rejection"] > 0


def provisioning(scene: Scene) -> bool:
    found = scene.watch.endpoint()
    return found is not None and found["EndpointStatus"] == "Updating" and not scene.watch.baking()


def test_an_endpoint_named_unlike_its_group_is_found_by_its_events(scene: Make) -> None:
    s = scene("unlike-named")
    s.go_live()
    second = s.register()
    s.approve(second)
    s.until_live(second)
    assert s.invoke() == f"unlike-named/{second}"


def test_an_endpoint_that_is_not_ours_stays_untouched_and_is_said(scene: Make) -> None:
    s = scene("foreign")
    root = s.aws.client("sagemaker")
    version = s.register()
    role = f"arn:aws:iam::{s.aws.account}:role/greenlight/foreign-endpoint"
    root.create_model(ModelName="theirs", ExecutionRoleArn=role, PrimaryContainer=s.container(version))
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": "theirs",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    root.create_endpoint_config(EndpointConfigName="theirs", ProductionVariants=[variant])
    root.create_endpoint(EndpointName="foreign", EndpointConfigName="theirs")
    s.approve(version)
    assert "is not ours" in in_phase(s, Phase.FOREIGN)
    assert s.watch.endpoint_config() == "theirs"


def test_a_group_without_quota_waits_and_says_so_while_others_go_on(scene: Make) -> None:
    s = scene("quota")
    s.aws.control(faults={"quota": {"ml.p4d.24xlarge": 0}})
    version = s.register()
    s.approve(version)
    assert "ResourceLimitExceeded" in in_phase(s, Phase.WAITING)
    s.aws.control(faults={"quota": {}})
    s.watch.sweep()
    s.until_live(version)
    assert s.kinds()[Kind.STARTED.value] == 1


def test_a_version_without_a_container_is_not_deployed_and_the_ledger_says_why(scene: Make) -> None:
    s = scene("wrong-packages")
    version = s.register(InferenceSpecification=None)
    s.approve(version)
    assert "no container to run" in in_phase(s, Phase.BLOCKED)
    assert s.watch.endpoint() is None
    assert s.go_live() == version + 1


def test_a_container_that_does_not_start_fails_the_version_and_the_old_one_serves_on(scene: Make) -> None:
    s = scene("unloadable")
    good = s.go_live()
    bad = s.register("unloadable")
    s.approve(bad)
    s.until_said(Kind.FAILED, bad)
    s.until_live(good)
    s.watch.sweep()
    assert s.kinds()[Kind.STARTED.value] == 2
    assert s.invoke() == f"unloadable/{good}"


def test_a_version_that_its_registrant_tries_to_approve_is_denied_by_iam(scene: Make) -> None:
    s = scene("self-made")
    version = s.register()
    with pytest.raises(ClientError, match="AccessDenied"):
        s.scientist().update_model_package(ModelPackageArn=s.arns[version], ModelApprovalStatus="Approved")
    with pytest.raises(ClientError, match="AccessDenied"):
        s.register(ModelApprovalStatus="Approved")
    with pytest.raises(ClientError, match="AccessDenied"):
        s.approver().create_model_package(ModelPackageGroupName=s.group, ModelPackageDescription="x")
    with pytest.raises(ClientError, match="AccessDenied"):
        s.approver().delete_endpoint(EndpointName="aborted")


def test_an_approval_by_somebody_who_is_no_approver_has_no_effect(scene: Make) -> None:
    s = scene("self-made")
    version = s.register()
    s.aws.client("sagemaker").update_model_package(
        ModelPackageArn=s.arns[version], ModelApprovalStatus="Approved"
    )

    # Whoever wrote last may have annotated alone: until CloudTrail tells, nobody is said to have approved.
    def named() -> bool | None:
        record = s.watch.record()
        return True if record and "who is not an approver of this group" in record.reason else None

    s.until_swept("CloudTrail to name who approved", named)
    in_phase(s, Phase.BLOCKED)
    assert s.watch.endpoint() is None


def test_an_approval_whose_events_are_all_lost_is_found_by_the_sweep(scene: Make) -> None:
    s = scene("lost-events")
    s.aws.control(event_faults={"lost": 1.0, "seed": 1})
    try:
        version = s.register()
        s.approve(version)

        def swept() -> bool | None:
            s.watch.sweep()
            return s.watch.settled_on(version)

        s.until("the sweep to bring it live", swept)
    finally:
        s.aws.control(event_faults={})
    assert s.kinds()[Kind.STARTED.value] == 1


def test_a_changed_instance_type_rolls_out_through_the_canary(scene: Make, tmp_path: Path) -> None:
    s = scene("respec")
    version = s.go_live()
    endpoint = {"instance_type": "ml.c5.xlarge", "instance_count": 2}
    with s.slowly():
        s.deploy(tmp_path, endpoint=endpoint)
        s.until("the canary to bake", s.watch.baking)
    s.until_live(version)
    config = s.aws.client("sagemaker").describe_endpoint_config(EndpointConfigName=s.watch.endpoint_config())
    assert config["ProductionVariants"][0]["InstanceType"] == "ml.c5.xlarge"
    assert "respec" in s.watch.ledger()[-2].reason


def test_a_malformed_message_goes_to_the_dead_letters_with_its_reason_and_the_rest_goes_on(
    scene: Make,
) -> None:
    s = scene("malformed")
    sqs = s.aws.client("sqs")
    queue = s.watch.queue_url()
    sqs.send_message(QueueUrl=queue, MessageBody="no JSON at all", MessageGroupId="malformed")
    dead = sqs.get_queue_url(QueueName="greenlight-reconcile-dead-letters.fifo")["QueueUrl"]

    def buried() -> dict[str, object] | None:
        found = sqs.receive_message(QueueUrl=dead, MessageAttributeNames=["All"]).get("Messages", [])
        return found[0] if found else None

    message = s.until("the message to be buried", buried)
    assert message["Body"] == "no JSON at all"
    assert "is not JSON" in json.dumps(message["MessageAttributes"])
    assert s.go_live() == 1


def test_a_group_that_nobody_configured_is_ignored(scene: Make) -> None:
    s = scene("malformed")
    root = s.aws.client("sagemaker")
    root.create_model_package_group(ModelPackageGroupName="unheard-of")
    root.create_model_package(
        ModelPackageGroupName="unheard-of",
        ModelApprovalStatus="Approved",
        InferenceSpecification={
            "Containers": [{"Image": IMAGE}],
            "SupportedContentTypes": [],
            "SupportedResponseMIMETypes": [],
        },
    )
    s.until("rest", lambda: True if s.watch.at_rest() else None)
    assert s.watch.record_of("unheard-of") is None


def test_scaled_out_capacity_survives_a_rollout(scene: Make) -> None:
    s = scene("scaled")
    s.go_live()
    s.aws.client("sagemaker").update_endpoint_weights_and_capacities(
        EndpointName=s.endpoint,
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 5}],
    )
    s.until(
        "the endpoint to be scaled", lambda: True if s.watch.instances() == 5 and s.watch.live() else None
    )
    second = s.register()
    s.approve(second)
    s.until_live(second)
    assert s.watch.instances() == 5


@pytest.mark.parametrize("name", SWITCHES)
def test_whatever_aws_does_a_broken_version_goes_back_and_a_rejected_one_gives_way(
    scene: Make, name: str
) -> None:
    s = scene(name)
    before = s.aws.control()
    s.aws.control(**SWITCHES[name])
    try:
        first, second = s.go_live(), s.go_live()
        broken = s.register("broken")
        with s.slowly():
            s.approve(broken)
            s.until_said(Kind.FAILED, broken, traffic=b"hello")
            s.until_live(second, traffic=b"hello")
        s.reject(second)
        s.until_live(first)
    finally:
        s.aws.control(**{key: before[key] for key in SWITCHES[name]})
    assert s.watch.broken_entry() is None
    assert s.kinds()[Kind.STARTED.value] == 4


def test_an_artifact_under_a_customer_managed_key_is_served_by_the_groups_own_role(scene: Make) -> None:
    s = scene("locked")
    version = s.register()
    key = s.aws.client("kms").create_key(Description="the team's own")["KeyMetadata"]["Arn"]
    bucket, _, name = s.container(version)["ModelDataUrl"].removeprefix("s3://").partition("/")
    s3 = s.aws.client("s3")
    content = s3.get_object(Bucket=bucket, Key=name)["Body"].read()
    s3.put_object(Bucket=bucket, Key=name, Body=content, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    s.approve(version)
    s.until_live(version)
    assert s.invoke(b"asked") == f"{s.group}/{version}"
