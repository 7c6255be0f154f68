"""Endpoints live as AWS's do: created, updated behind guardrails, rolled back."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from local.sagemaker.errors import SageMakerError
from local.sagemaker.service import Switches
from tests.local.sagemaker.world import START, Sim, blue_green, rolling, variant

BUSY = 'Cannot update in-progress endpoint "arn:aws:sagemaker:us-east-1:123456789012:endpoint/fraud".'


def statuses(aws: Sim) -> list[str]:
    """The endpoint's statuses, as its events told them."""
    return [detail["EndpointStatus"] for detail in aws.world.details("Endpoint")]


def phases(aws: Sim) -> list[str]:
    """The variant statuses of the deployment, as its events told them."""
    return [
        detail["PendingDeploymentSummary"]["ProductionVariants"][0]["VariantStatus"][0]["Status"]
        for detail in aws.world.details("Endpoint Deployment")
        if "PendingDeploymentSummary" in detail
    ]


def test_an_endpoint_is_created_and_serves(aws: Sim) -> None:
    aws.config("one")
    aws("CreateEndpoint", EndpointName="fraud", EndpointConfigName="one")
    assert aws.describe()["EndpointStatus"] == "Creating"
    assert aws.wait_for("Creating")["EndpointConfigName"] == "one"
    aws.settle()
    found = aws.describe()
    assert found["EndpointStatus"] == "InService"
    assert found["LastModifiedTime"] == START + 210
    assert "PendingDeploymentSummary" not in found
    (main,) = found["ProductionVariants"]
    assert (main["CurrentInstanceCount"], main["DesiredInstanceCount"], main["CurrentWeight"]) == (2, 2, 1.0)
    assert main["DeployedImages"][0]["SpecifiedImage"] == "image:one"
    assert aws.traffic() == {"one": 1.0}
    assert statuses(aws) == ["CREATING", "IN_SERVICE"]
    assert aws.world.details("Endpoint")[0]["CreationTime"] == round(START * 1000)


def test_a_plain_update_is_blue_green_all_at_once(aws: Sim) -> None:
    aws.endpoint("one")
    aws.config("two")
    aws.update("two")
    assert aws.describe()["EndpointConfigName"] == "one"
    assert aws.traffic() == {"one": 1.0}
    aws.wait_for("Deleting")
    assert aws.traffic() == {"two": 1.0}
    aws.settle()
    found = aws.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "two")
    assert [fleet.config for fleet in aws.world.running.values()] == ["two"]
    assert phases(aws) == ["Creating", "ActivatingTraffic", "Deleting"]


def test_a_canary_bakes_twice_then_waits_then_the_old_fleet_goes(aws: Sim) -> None:
    aws.endpoint("one")
    aws.config("two")
    aws.update("two", DeploymentConfig=blue_green("CANARY", wait=600, TerminationWaitInSeconds=120))
    pending = aws.wait_for("Baking")
    (main,) = pending["ProductionVariants"]
    assert (main["CurrentInstanceCount"], main["DesiredInstanceCount"]) == (1, 2)
    assert "canary capacity of 1 instance(s)" in main["VariantStatus"][0]["StatusMessage"]
    assert aws.traffic() == {"one": 0.5, "two": 0.5}
    aws.wait(605)
    assert aws.traffic() == {"two": 1.0}
    assert len(aws.world.running) == 2
    aws.wait(600)
    assert (
        "TerminationWait"
        in aws.wait_for("Baking")["ProductionVariants"][0]["VariantStatus"][0]["StatusMessage"]
    )
    aws.settle()
    assert aws.describe()["EndpointConfigName"] == "two"
    expected = ["Creating", *["ActivatingTraffic", "Baking"] * 2, "Baking", "Deleting"]
    assert phases(aws) == expected


def test_a_linear_update_shifts_step_by_step(aws: Sim) -> None:
    aws.endpoint("one", instances=4)
    aws.config("two", instances=4)
    aws.update("two", DeploymentConfig=blue_green("LINEAR", wait=60))
    shares = []
    aws.wait_for("Baking")
    for _ in range(4):
        shares.append(aws.traffic().get("two"))
        aws.wait(65)
    assert shares == [0.25, 0.5, 0.75, 1.0]


def test_a_rolling_update_replaces_instances_by_batches(aws: Sim) -> None:
    aws.endpoint("one", instances=4)
    aws.config("two", instances=4)
    aws.update("two", DeploymentConfig=rolling(percent=50))
    aws.wait_for("Baking")
    (old,), (new,) = aws.describe()["ProductionVariants"], aws.wait_for("Baking")["ProductionVariants"]
    assert (old["CurrentInstanceCount"], new["CurrentInstanceCount"]) == (2, 2)
    assert aws.traffic() == {"one": 0.5, "two": 0.5}
    aws.settle()
    assert aws.traffic() == {"two": 1.0}
    assert phases(aws) == ["Creating", "ActivatingTraffic", "Baking", "Deleting"] * 2
    assert aws.world.started == 2


@pytest.mark.parametrize(
    "policy",
    [blue_green(alarms=("errors",)), blue_green("CANARY", alarms=("errors",)), rolling(alarms=("errors",))],
)
@pytest.mark.parametrize("told", [True, False])
def test_an_alarm_while_baking_returns_to_the_old_config(policy: dict[str, Any], *, told: bool) -> None:
    aws = Sim(Switches(failure_reason_after_rollback=told))
    aws.endpoint("one")
    aws.config("two")
    aws.world.alarms["errors"] = "OK"
    aws.update("two", DeploymentConfig=policy)
    aws.wait_for("Baking")
    aws.world.alarms["errors"] = "ALARM"
    aws.wait(10)
    assert aws.describe()["EndpointStatus"] == "RollingBack"
    if "BlueGreenUpdatePolicy" in policy:
        assert aws.traffic() == {"one": 1.0}  # at once
    assert aws.refused("DeleteEndpoint", EndpointName="fraud").message == BUSY
    aws.settle()
    found = aws.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "one")
    assert ("errors" in found.get("FailureReason", "")) is told
    assert [fleet.config for fleet in aws.world.running.values()] == ["one"]
    assert statuses(aws)[-3:] == ["UPDATING", "ROLLING_BACK", "IN_SERVICE"]


def test_an_alarm_that_trips_at_the_very_end_of_the_bake_still_counts(aws: Sim) -> None:
    aws.endpoint("one")
    aws.config("two")
    aws.world.alarms["errors"] = "OK"
    aws.update("two", DeploymentConfig=blue_green(wait=60, alarms=("errors",)))
    aws.wait_for("Baking")
    aws.wait(59)
    aws.world.alarms["errors"] = "ALARM"
    aws.settle()
    assert aws.describe()["EndpointConfigName"] == "one"


@pytest.mark.parametrize("outside", [True, False])
def test_an_alarm_outside_of_baking_counts_as_the_switch_says(*, outside: bool) -> None:
    aws = Sim(Switches(alarm_outside_baking_rolls_back=outside))
    aws.endpoint("one")
    aws.config("two")
    aws.world.alarms["errors"] = "OK"
    aws.update("two", DeploymentConfig=blue_green(alarms=("errors",)))
    aws.world.alarms["errors"] = "ALARM"
    aws.wait(10)
    assert aws.describe()["EndpointStatus"] == ("RollingBack" if outside else "Updating")
    aws.world.alarms["errors"] = "OK"
    aws.settle()
    assert aws.describe()["EndpointConfigName"] == ("one" if outside else "two")


def test_an_alarm_in_alarm_when_the_rollout_starts_ends_it_when_it_bakes(aws: Sim) -> None:
    aws.endpoint("one")
    aws.config("two")
    aws.world.alarms["errors"] = "ALARM"
    aws.update("two", DeploymentConfig=blue_green(alarms=("errors",)))
    aws.settle()
    assert aws.describe()["EndpointConfigName"] == "one"
    aws.sagemaker.switches.alarm_at_start_refused = True
    error = aws.refused(
        "UpdateEndpoint",
        EndpointName="fraud",
        EndpointConfigName="two",
        DeploymentConfig=blue_green(alarms=("errors",)),
    )
    assert "errors" in error.message
    assert "ALARM" in error.message


def test_an_alarm_that_does_not_exist_or_has_no_state_is_refused() -> None:
    aws = Sim(Switches(guardrail_insufficient_data_refused=True))
    aws.endpoint("one")
    request = {
        "EndpointName": "fraud",
        "EndpointConfigName": "one",
        "DeploymentConfig": blue_green(alarms=("errors",)),
    }
    assert "does not exist" in aws.refused("UpdateEndpoint", **request).message
    aws.world.alarms["errors"] = "INSUFFICIENT_DATA"
    assert "INSUFFICIENT_DATA" in aws.refused("UpdateEndpoint", **request).message
    aws.sagemaker.switches.guardrail_insufficient_data_refused = False
    aws.update("one", DeploymentConfig=request["DeploymentConfig"])


def test_a_status_that_only_says_updating_is_a_switch() -> None:
    aws = Sim(Switches(rolling_back_shown=False))
    aws.endpoint("one")
    aws.config("two")
    aws.world.broken_images["image:two"] = "no"
    aws.update("two")
    aws.settle()
    assert statuses(aws)[-2:] == ["UPDATING", "IN_SERVICE"]


def broken_container(aws: Sim) -> str:
    """The new container does not answer."""
    aws.world.broken_images["image:two"] = "did not pass the ping health check"
    return "ping health check"


def no_capacity(aws: Sim) -> str:
    """AWS has no instance left."""
    aws.sagemaker.faults.no_capacity.add("ml.m5.large")
    return "InsufficientInstanceCapacity"


def missing_artifact(aws: Sim) -> str:
    """The artifact was deleted after the model was made."""
    aws.world.missing_objects.add("s3://models/two.tar.gz")
    return "s3://models/two.tar.gz"


def bad_role(aws: Sim) -> str:
    """The role was deleted after the model was made."""
    aws.world.bad_roles.add("arn:aws:iam::123456789012:role/serve")
    return "role/serve"


@pytest.mark.parametrize("fault", [broken_container, no_capacity, missing_artifact, bad_role])
def test_a_fleet_that_does_not_start_fails_a_new_endpoint_and_rolls_back_an_update(
    aws: Sim, fault: Any
) -> None:
    aws.endpoint("one")
    aws.config("two")
    reason = fault(aws)
    aws.update("two")
    aws("CreateEndpoint", EndpointName="new", EndpointConfigName="two")
    aws.settle()
    updated, created = aws.describe(), aws("DescribeEndpoint", EndpointName="new")
    assert (updated["EndpointStatus"], updated["EndpointConfigName"]) == ("InService", "one")
    assert created["EndpointStatus"] == "Failed"
    assert reason in updated["FailureReason"]
    assert reason in created["FailureReason"]
    assert [fleet.config for fleet in aws.world.running.values()] == ["one"]
    assert (
        "failed endpoint"
        in aws.refused("UpdateEndpoint", EndpointName="new", EndpointConfigName="one").message
    )
    aws("DeleteEndpoint", EndpointName="new")


def test_a_rollout_that_takes_too_long_is_rolled_back(aws: Sim) -> None:
    aws.endpoint("one")
    aws.config("two")
    policy = blue_green(wait=500)
    policy["BlueGreenUpdatePolicy"]["MaximumExecutionTimeoutInSeconds"] = 600
    aws.update("two", DeploymentConfig=policy)
    aws.wait(599)
    assert aws.describe()["EndpointStatus"] == "Updating"
    aws.wait(1)
    assert aws.describe()["EndpointStatus"] == "RollingBack"
    aws.settle()
    assert aws.describe()["EndpointConfigName"] == "one"


def test_a_rolling_rollback_provisions_the_old_fleet_again_by_batches(aws: Sim) -> None:
    aws.endpoint("one", instances=4)
    aws.config("two", instances=4)
    aws.world.alarms["errors"] = "OK"
    size = {"Type": "CAPACITY_PERCENT", "Value": 25}
    policy = rolling(percent=50, alarms=("errors",), RollbackMaximumBatchSize=size)
    aws.update("two", DeploymentConfig=policy)
    aws.wait_for("Baking")
    aws.world.alarms["errors"] = "ALARM"
    shares = []
    for _ in range(4):
        shares.append(aws.traffic().get("two", 0.0))
        aws.wait(115)
    assert shares == [0.5, 0.5, 0.25, 0.25]
    aws.settle()
    assert aws.traffic() == {"one": 1.0}


def test_a_rollback_that_fails_leaves_a_mix_that_a_new_update_repairs(aws: Sim) -> None:
    aws.endpoint("one")
    aws.config("two")
    aws.world.alarms["errors"] = "OK"
    aws.sagemaker.faults.rollback_fails.add("fraud")
    aws.update("two", DeploymentConfig=rolling(alarms=("errors",)))
    aws.wait_for("Baking")
    aws.world.alarms["errors"] = "ALARM"
    aws.settle()
    assert aws.describe()["EndpointStatus"] == "UpdateRollbackFailed"
    with pytest.raises(SageMakerError, match=r"Cannot scale endpoint .* in status UpdateRollbackFailed"):
        aws(
            "UpdateEndpointWeightsAndCapacities",
            EndpointName="fraud",
            DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 3}],
        )
    assert aws.traffic() == {"one": 0.5, "two": 0.5}
    aws.sagemaker.faults.rollback_fails.clear()
    aws.config("three")
    aws.update("three")
    aws.settle()
    assert aws.traffic() == {"three": 1.0}
    assert [fleet.config for fleet in aws.world.running.values()] == ["three"]


def test_a_rollback_out_of_a_mix_ends_with_the_old_config_alone(aws: Sim) -> None:
    aws.endpoint("one")
    for name in ("two", "three"):
        aws.config(name)
    aws.world.alarms["errors"] = "OK"
    aws.sagemaker.faults.rollback_fails.add("fraud")
    aws.update("two", DeploymentConfig=blue_green("CANARY", alarms=("errors",)))
    aws.wait_for("Baking")
    aws.world.alarms["errors"] = "ALARM"
    aws.settle()
    aws.sagemaker.faults.rollback_fails.clear()
    aws.update("three", DeploymentConfig=blue_green("CANARY", alarms=("errors",)))
    aws.settle()
    assert aws.describe()["EndpointStatus"] == "InService"
    assert aws.traffic() == {"one": 1.0}
    assert [fleet.config for fleet in aws.world.running.values()] == ["one"]


def test_while_an_endpoint_is_busy_nothing_else_can_be_done_to_it(aws: Sim) -> None:
    aws.config("one")
    aws("CreateEndpoint", EndpointName="fraud", EndpointConfigName="one")
    weights = [{"VariantName": "main", "DesiredInstanceCount": 3}]

    def refusals() -> set[str]:
        return {
            aws.refused("UpdateEndpoint", EndpointName="fraud", EndpointConfigName="one").message,
            aws.refused("DeleteEndpoint", EndpointName="fraud").message,
            aws.refused(
                "UpdateEndpointWeightsAndCapacities",
                EndpointName="fraud",
                DesiredWeightsAndCapacities=weights,
            ).message,
        }

    assert refusals() == {BUSY}  # Creating
    aws.settle()
    aws.config("two")
    aws.update("two")
    assert refusals() == {BUSY}  # Updating
    aws.settle()
    aws("DeleteEndpoint", EndpointName="fraud")
    assert refusals() == {BUSY}  # Deleting


def test_deleting_an_endpoint_stops_it_at_once_and_leaves_config_and_model(aws: Sim) -> None:
    aws.endpoint("one")
    aws("DeleteEndpoint", EndpointName="fraud")
    assert not aws.world.running
    assert aws.describe()["EndpointStatus"] == "Deleting"
    aws.settle()
    assert aws.refused("DescribeEndpoint", EndpointName="fraud").message.startswith(
        "Could not find endpoint "
    )
    aws("DescribeEndpointConfig", EndpointConfigName="one")
    aws("DescribeModel", ModelName="one")
    assert statuses(aws)[-1] == "DELETING"


def test_the_config_that_serves_can_be_deleted_and_then_no_update_works(aws: Sim) -> None:
    aws.endpoint("one")
    aws.config("two")
    aws("DeleteEndpointConfig", EndpointConfigName="one")
    assert aws.traffic() == {"one": 1.0}
    error = aws.refused("UpdateEndpoint", EndpointName="fraud", EndpointConfigName="two")
    assert error.message.startswith("Could not find endpoint configuration ")
    assert "endpoint-config/one" in error.message


def scale(aws: Sim, **change: Any) -> None:
    """UpdateEndpointWeightsAndCapacities of the variant "main"."""
    changes = [{"VariantName": "main", **change}]
    aws("UpdateEndpointWeightsAndCapacities", EndpointName="fraud", DesiredWeightsAndCapacities=changes)


def test_scaling_is_an_update_of_the_running_fleet(aws: Sim) -> None:
    aws.endpoint("one")
    scale(aws, DesiredInstanceCount=5)
    found = aws.describe()
    assert found["EndpointStatus"] == "Updating"
    (main,) = found["ProductionVariants"]
    assert (main["CurrentInstanceCount"], main["DesiredInstanceCount"]) == (2, 5)
    assert main["VariantStatus"][0]["StatusMessage"] == "Scaling out desired instance count to 5."
    assert "PendingDeploymentSummary" not in found
    aws.settle()
    assert aws.describe()["ProductionVariants"][0]["CurrentInstanceCount"] == 5
    assert aws.world.started == 1
    assert "VariantStatus" in aws.world.details("Endpoint Deployment")[0]["ProductionVariants"][0]


def test_scaling_without_capacity_rolls_back_to_the_count_before(aws: Sim) -> None:
    aws.endpoint("one")
    no_capacity(aws)
    scale(aws, DesiredInstanceCount=5)
    aws.settle()
    found = aws.describe()
    assert found["EndpointStatus"] == "InService"
    assert found["ProductionVariants"][0]["DesiredInstanceCount"] == 2
    assert "ROLLING_BACK" in statuses(aws)


def test_an_update_keeps_capacity_only_if_asked_to(aws: Sim) -> None:
    aws.endpoint("one")
    scale(aws, DesiredInstanceCount=5, DesiredWeight=3.0)
    aws.settle()
    kept = {"RetainAllVariantProperties": True}
    without_count = kept | {
        "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DesiredInstanceCount"}]
    }
    expected: list[tuple[dict[str, Any], int, float]] = [
        (kept, 5, 3.0),
        (without_count, 2, 3.0),
        ({}, 2, 1.0),
    ]
    for number, (request, count, weight) in enumerate(expected):
        aws.config(f"next-{number}")
        aws.update(f"next-{number}", **request)
        aws.settle()
        (main,) = aws.describe()["ProductionVariants"]
        assert (main["CurrentInstanceCount"], main["CurrentWeight"]) == (count, weight)


@pytest.mark.parametrize("retained", [True, False])
def test_data_capture_is_retained_with_the_rest_or_not_as_the_switch_says(retained: bool) -> None:
    aws = Sim(Switches(capture_retained=retained))
    aws.config("one", DataCaptureConfig=CAPTURE)
    aws("CreateEndpoint", EndpointName="fraud", EndpointConfigName="one")
    aws.settle()
    aws.config("two")
    aws.update("two", RetainAllVariantProperties=True)
    aws.settle()
    assert ("DataCaptureConfig" in aws.describe()) is retained


def test_what_the_documentation_takes_back_is_refused(aws: Sim) -> None:
    aws.endpoint("one")
    aws.config("two")
    exclude = {"ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DataCaptureConfig"}]}
    request = {"EndpointName": "fraud", "EndpointConfigName": "two", "RetainAllVariantProperties": True}
    error = aws.refused("UpdateEndpoint", **request, **exclude)
    assert error.code == "ValidationException"
    assert "is not to be DataCaptureConfig: Not currently supported" in error.message


CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 10,
    "DestinationS3Uri": "s3://capture/here",
    "CaptureOptions": [{"CaptureMode": "Input"}],
}


def test_data_capture_is_the_configs_unless_it_is_retained(aws: Sim) -> None:
    aws.config("one", DataCaptureConfig=CAPTURE)
    aws("CreateEndpoint", EndpointName="fraud", EndpointConfigName="one")
    aws.settle()
    aws.config("two")
    aws.update("two", RetainAllVariantProperties=True)
    aws.settle()
    assert aws.describe()["DataCaptureConfig"]["CurrentSamplingPercentage"] == 10
    aws.update("two")
    aws.settle()
    assert "DataCaptureConfig" not in aws.describe()


def test_guardrails_are_dropped_by_an_update_that_does_not_retain_them(aws: Sim) -> None:
    aws.endpoint("one")
    policy = blue_green("CANARY")
    for name in ("two", "three", "four"):
        aws.config(name)
    aws.update("two", DeploymentConfig=policy)
    aws.settle()
    assert aws.describe()["LastDeploymentConfig"] == policy
    aws.update("three", RetainDeploymentConfig=True)
    aws.wait_for("Baking")
    aws.settle()
    aws.update("four")
    aws.settle()
    assert "LastDeploymentConfig" not in aws.describe()


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        (blue_green() | rolling(), "either"),
        (blue_green("CANARY", MaximumExecutionTimeoutInSeconds=600, TerminationWaitInSeconds=600), "larger"),
        (rolling(percent=60), "50%"),
        (rolling(percent=4), "5%"),
        (
            {
                "BlueGreenUpdatePolicy": {
                    "TrafficRoutingConfiguration": {"Type": "CANARY", "WaitIntervalInSeconds": 0}
                }
            },
            "CanarySize",
        ),
    ],
)
def test_a_deployment_config_that_cannot_be_is_refused(aws: Sim, policy: dict[str, Any], says: str) -> None:
    aws.endpoint("one")
    request = {"EndpointName": "fraud", "EndpointConfigName": "one", "DeploymentConfig": policy}
    assert says in aws.refused("UpdateEndpoint", **request).message


def test_guardrails_need_the_same_variant_names(aws: Sim) -> None:
    aws.endpoint("one")
    other = [variant("one", name="other")]
    aws("CreateEndpointConfig", EndpointConfigName="renamed", ProductionVariants=other)
    request: dict[str, Any] = {"EndpointName": "fraud", "EndpointConfigName": "renamed"}
    assert "variant names" in aws.refused("UpdateEndpoint", **request, DeploymentConfig=blue_green()).message
    aws("UpdateEndpoint", **request)
    aws.settle()
    assert aws.describe()["ProductionVariants"][0]["VariantName"] == "other"


def test_a_canary_of_one_instance_is_accepted(aws: Sim) -> None:
    aws.endpoint("one", instances=1)
    aws.config("two", instances=1)
    aws.update("two", DeploymentConfig=blue_green("CANARY"))
    aws.wait_for("Baking")
    assert aws.traffic() == {"one": 0.5, "two": 0.5}


def test_more_instances_than_the_quota_are_refused_and_the_old_fleet_counts(aws: Sim) -> None:
    aws.sagemaker.faults.quota["ml.m5.large"] = 3
    aws.endpoint("one")
    aws.config("two")
    error = aws.refused("UpdateEndpoint", EndpointName="fraud", EndpointConfigName="two")
    assert error.code == "ResourceLimitExceeded"
    assert error.message.startswith(
        "The account-level service limit 'ml.m5.large for endpoint usage' is 3 Instances, with current utilization of "
        "2 Instances and a request delta of 2 Instances."
    )
    changes = [{"VariantName": "main", "DesiredInstanceCount": 4}]
    assert (
        aws.refused(
            "UpdateEndpointWeightsAndCapacities", EndpointName="fraud", DesiredWeightsAndCapacities=changes
        ).code
        == "ResourceLimitExceeded"
    )


def test_a_new_config_is_seen_after_a_while_if_the_switch_says_so() -> None:
    aws = Sim(Switches(config_visible_after_seconds=5))
    aws.config("one")
    request: dict[str, Any] = {"EndpointName": "fraud", "EndpointConfigName": "one"}
    assert aws.refused("CreateEndpoint", **request).message.startswith(
        "Could not find endpoint configuration "
    )
    aws.wait(5)
    aws("CreateEndpoint", **request)


def test_a_long_time_passes_in_one_step_as_in_many(aws: Sim) -> None:
    aws.endpoint("one")
    aws.config("two")
    aws.update("two", DeploymentConfig=blue_green("CANARY", wait=60))
    aws.clock.advance(100_000)
    aws.sagemaker.tick()
    assert aws.describe()["EndpointConfigName"] == "two"
    times = [detail["LastModifiedTime"] for detail in aws.world.details("Endpoint")]
    assert all(before <= after for before, after in pairwise(times))
    assert times[-1] < aws.clock.now() * 1000 - 90_000_000


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"VariantName": "other", "DesiredWeight": 1.0}, "other"),
        ({"VariantName": "main", "DesiredInstanceCount": 0}, "at least 1"),
    ],
)
def test_a_capacity_that_cannot_be_is_refused(aws: Sim, change: dict[str, Any], says: str) -> None:
    aws.endpoint("one")
    request: dict[str, Any] = {"EndpointName": "fraud", "DesiredWeightsAndCapacities": [change]}
    assert says in aws.refused("UpdateEndpointWeightsAndCapacities", **request).message
    assert aws.describe()["EndpointStatus"] == "InService"
