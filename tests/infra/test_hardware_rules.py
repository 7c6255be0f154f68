"""Combinations of keys that AWS does not have are told before synthesis, each with the way out."""

from typing import Any, get_args

import pytest
from botocore.loaders import Loader

from infra.config.group import AmiVersion
from infra.config.hardware import fits_image, has_local_storage, is_burstable
from lambdas.core.spec import GUARDRAIL_PERIOD, GUARDRAIL_PERIODS, LEAST_BAKE
from local.sagemaker import hardware as emulated
from tests.infra.conftest import KEY
from tests.infra.test_config import told

SHAPES = Loader().load_service_model("sagemaker", "service-2")["shapes"]
HOSTING = sorted(SHAPES["ProductionVariantInstanceType"]["enum"])
# EC2 user guide: EBS only.
WITHOUT_LOCAL_STORAGE = {
    *(
        "c4",
        "c5",
        "c6g",
        "c6gn",
        "c6i",
        "c6in",
        "c7g",
        "c7i",
        "c8g",
        "inf1",
        "inf2",
        "m4",
        "m5",
        "m6g",
        "m6i",
    ),
    *("m7i", "m8g", "p2", "p3", "r5", "r6g", "r6i", "r7i", "r8g", "t2"),
}


def on(instance_type: str, count: int = 1, **changes: Any) -> dict[str, str]:
    """What is told of a group on such instances."""
    return told(endpoint__instance_type=instance_type, endpoint__instance_count=count, **changes)


def rolled(
    strategy: str, percent: int, count: int, autoscaling: tuple[int, int] | None = None
) -> dict[str, str]:
    """What is told of a group that rolls out so."""
    bounds = {}
    if autoscaling is not None:
        least, most = autoscaling
        bounds["endpoint__autoscaling"] = {"min": least, "max": most, "invocations_per_instance": 9}
    rollout = {"strategy": strategy, "step_percent": percent}
    return on("ml.m5.large", count, rollout=rollout, **bounds)


def test_every_instance_type_that_hosts_is_known_to_have_local_storage_or_not() -> None:
    families = {one.split(".")[1]: one for one in HOSTING}
    without = {family for family, one in families.items() if not has_local_storage(one)}
    assert without == WITHOUT_LOCAL_STORAGE, (
        "is it EBS only? Then name it here; else in infra/config/hardware.py"
    )


def test_the_emulator_refuses_what_is_told_before_synthesis() -> None:
    for one in HOSTING:
        assert emulated.has_local_storage(one) is has_local_storage(one), one
        assert emulated.is_burstable(one) is is_burstable(one), one


def test_images_of_instances_are_those_that_aws_has() -> None:
    assert list(get_args(AmiVersion)) == SHAPES["ProductionVariantInferenceAmiVersion"]["enum"]


@pytest.mark.parametrize(
    "instance_type", ["ml.g5.xlarge", "ml.m5d.large", "ml.p4de.24xlarge", "ml.trn1.2xlarge"]
)
def test_a_volume_key_or_size_on_local_storage_is_told_with_the_way_out(instance_type: str) -> None:
    found = on(instance_type, endpoint__kms_key=KEY, endpoint__volume_size_gb=100)
    assert list(found) == ["endpoint.kms_key", "endpoint.volume_size_gb"]
    assert "leave it out: their own hardware encrypts it" in found["endpoint.kms_key"]
    assert f"AWS takes no volume size for {instance_type}" in found["endpoint.volume_size_gb"]


@pytest.mark.parametrize("instance_type", ["ml.m5.large", "ml.inf2.xlarge", "ml.p3.2xlarge", "ml.c6gn.large"])
def test_a_volume_key_and_size_elsewhere_are_right(instance_type: str) -> None:
    assert on(instance_type, endpoint__kms_key=KEY, endpoint__volume_size_gb=100) == {}


@pytest.mark.parametrize("instance_type", ["ml.t2.medium", "ml.t3.large", "ml.t4g.large"])
def test_autoscaling_of_burstable_types_is_told_with_the_way_out(instance_type: str) -> None:
    found = on(instance_type, endpoint__autoscaling={"min": 1, "max": 2, "invocations_per_instance": 9})
    assert list(found) == ["endpoint.autoscaling"]
    assert "use another type, such as ml.m5.large" in found["endpoint.autoscaling"]


@pytest.mark.parametrize(
    ("instance_type", "image", "fits"),
    [
        ("ml.g5.xlarge", "al2-ami-sagemaker-inference-gpu-2", True),
        ("ml.p4d.24xlarge", "al2023-ami-sagemaker-inference-gpu-4-1", True),
        ("ml.inf2.xlarge", "al2-ami-sagemaker-inference-neuron-2", True),
        ("ml.trn1.2xlarge", "al2-ami-sagemaker-inference-neuron-2", True),
        ("ml.m5.large", "al2-ami-sagemaker-inference-gpu-2", False),
        ("ml.inf2.xlarge", "al2-ami-sagemaker-inference-gpu-2", False),
        ("ml.g5.xlarge", "al2-ami-sagemaker-inference-neuron-2", False),
    ],
)
def test_an_image_for_another_accelerator_is_told(instance_type: str, image: str, fits: bool) -> None:
    assert fits_image(instance_type, image) is fits
    found = on(instance_type, endpoint__inference_ami_version=image)
    assert list(found) == ([] if fits else ["endpoint.inference_ami_version"])


def test_the_least_bake_follows_from_what_a_guardrail_looks_at() -> None:
    assert LEAST_BAKE == 2 * GUARDRAIL_PERIOD * GUARDRAIL_PERIODS == 120


@pytest.mark.parametrize("limit", [{"error_rate": 0.1}, {"latency_p99_ms": 100}])
def test_a_bake_too_short_for_its_guardrails_is_told(limit: dict[str, object]) -> None:
    found = told(guardrails=limit, rollout={"bake_seconds": 119})
    assert list(found) == ["rollout.bake_seconds"]
    assert f"must be at least 120 with guardrails.{next(iter(limit))}" in found["rollout.bake_seconds"]
    assert told(guardrails=limit, rollout={"bake_seconds": 120}) == {}


def test_without_guardrails_of_ours_a_bake_may_be_short() -> None:
    assert told(guardrails={"alarms": ["somebody-elses"]}, rollout={"bake_seconds": 10}) == {}


def test_a_rollout_gives_its_instances_the_time_to_start_that_they_may_take() -> None:
    slow = {
        "endpoint__container_startup_health_check_timeout": 1800,
        "endpoint__model_data_download_timeout": 1800,
    }
    found = on("ml.m5.large", **slow)
    assert list(found) == ["rollout.timeout_seconds"]
    assert "must be more than" in found["rollout.timeout_seconds"]
    assert "together, 4200: AWS stops at the timeout" in found["rollout.timeout_seconds"]
    assert on("ml.m5.large", **slow, rollout={"timeout_seconds": 4201}) == {}


@pytest.mark.parametrize("strategy", ["canary", "linear", "rolling"])
def test_one_instance_cannot_be_split(strategy: str) -> None:
    found = rolled(strategy, 50, 1)
    assert found == {
        "endpoint.instance_count": f"must be at least 2 for {strategy}; or set rollout.strategy to all_at_once"
    }
    assert list(rolled(strategy, 50, 2, (1, 4))) == ["endpoint.autoscaling.min"]


@pytest.mark.parametrize("strategy", ["canary", "linear", "rolling"])
@pytest.mark.parametrize(
    ("percent", "count", "says"),
    [
        (50, 3, "must be 33 or 34 of 3 instances"),
        (30, 2, "must be 50 of 2 instances"),
        (10, 4, "must be 25 or 50 of 4 instances"),
        (25, 10, "must be 10, 20, 30, 40 or 50 of 10 instances"),
    ],
)
def test_a_step_that_is_no_whole_number_of_instances_is_told(
    strategy: str, percent: int, count: int, says: str
) -> None:
    found = rolled(strategy, percent, count)
    assert list(found) == ["rollout.step_percent"]
    assert says in found["rollout.step_percent"]


@pytest.mark.parametrize(
    ("percent", "count"), [(50, 2), (33, 3), (34, 3), (25, 4), (50, 4), (20, 5), (10, 10)]
)
def test_a_step_of_whole_instances_is_right(percent: int, count: int) -> None:
    assert rolled("linear", percent, count) == {}


@pytest.mark.parametrize("count", range(2, 60))
def test_there_is_a_step_for_any_number_of_instances(count: int) -> None:
    fit = [percent for percent in range(10, 51) if rolled("linear", percent, count) == {}]
    assert fit


def test_with_autoscaling_a_step_is_at_least_one_instance_when_fewest_run() -> None:
    found = rolled("canary", 10, 4, (4, 10))
    assert "must be at least 25: when fewest run, 4 instances" in found["rollout.step_percent"]
    assert rolled("canary", 30, 4, (4, 10)) == {}
    assert rolled("canary", 33, 3, (3, 10)) == {}
