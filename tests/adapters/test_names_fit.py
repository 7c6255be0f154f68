"""Every name that we compose fits every service that it is given to, by the limits of AWS's own models."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from botocore.loaders import Loader
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.core import names
from lambdas.core.acts import KINDS
from lambdas.core.spec import VARIANT, Monitor
from local.sagemaker.patterns import compiled

LONGEST = 63
GROUPS = st.one_of(
    st.from_regex(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", fullmatch=True).filter(
        lambda name: len(name) <= LONGEST
    ),
    st.sampled_from(["A" * LONGEST, "Z-" * 31 + "Z", "a" * 53, "Aa" * 23, "-".join("A" * 32)]),
)
"""Names of model package groups and endpoints as SageMaker takes them [B]: upper case, and up to 63 characters."""
NUMBERS = st.integers(1, 10**9)

# Where botocore's shapes have no limit: SQS API reference, SendMessage; Systems Manager guide, "parameter names"
# (1,011 with the ARN before it); CloudFormation guide, stack names.
MESSAGE_GROUP = {"min": 1, "max": 128, "pattern": r"[!-~]+"}
PARAMETER = {
    "min": 1,
    "max": 1011 - len("arn:aws-us-gov:ssm:us-gov-east-1:123456789012:parameter"),
    "pattern": r"[\w./-]+",
}
STACK = {"min": 1, "max": 128, "pattern": r"[a-zA-Z][-a-zA-Z0-9]*"}
ALARM = {"min": 1, "max": 255, "pattern": r"[^\x00-\x1F\x7F]+"}  # PutMetricAlarm: no ASCII control characters


@cache
def shapes(service: str) -> dict[str, Any]:
    """The shapes of a service's model."""
    found: dict[str, Any] = Loader().load_service_model(service, "service-2")["shapes"]
    return found


def shape(service: str, name: str) -> dict[str, Any]:
    """The limits of a shape; it must have some."""
    found: dict[str, Any] = shapes(service)[name]
    assert "max" in found, f"{service} {name} has no limit in botocore: write it down here"
    return found


def config(group: str, number: int) -> str:
    """A model's, an endpoint config's or a job definition's name."""
    return names.versioned_name(group, number, "content")


def run(group: str, number: int) -> str:
    """A run's name."""
    return names.run_name(group, number)


SAGEMAKER = "sagemaker"
Compose = Callable[[str, int], str]


def guardrail(kind: str) -> Compose:
    """How a guardrail's name is composed."""
    return lambda group, number: names.guardrail_alarm(group, config(group, number), kind)


def act(kind: str) -> Compose:
    """How the name of an act's parameter is composed."""
    return lambda group, _: names.act_parameter(group, kind)


def role(kind: str) -> Compose:
    """How a role's name is composed."""
    return lambda group, _: names.role_name(group, kind)


def schedule(monitor: Monitor) -> Compose:
    """How a monitoring schedule's name is composed."""
    return lambda group, _: names.schedule_name(group, monitor)


GUARDED = (ALARM, shape("cloudwatch", "AlarmName"), shape(SAGEMAKER, "AlarmName"))
ROLE = (shape("iam", "roleNameType"), shape("iam", "policyNameType"))
COMPOSED: dict[str, tuple[Compose, tuple[dict[str, Any], ...]]] = {
    "endpoint config": (
        config,
        (shape(SAGEMAKER, "EndpointConfigName"), shape("cloudwatch", "DimensionValue")),
    ),
    "model": (config, (shape(SAGEMAKER, "ModelName"),)),
    "job definition": (config, (shape(SAGEMAKER, "MonitoringJobDefinitionName"),)),
    "run": (run, (shape(SAGEMAKER, "PipelineExecutionName"), MESSAGE_GROUP)),
    "run as metadata": (run, (shape(SAGEMAKER, "CustomerMetadataValue"),)),
    "group": (lambda group, _: group, (MESSAGE_GROUP, shape("cloudwatch", "DimensionValue"))),
    "spec": (lambda group, _: names.parameter_name(group), (PARAMETER, shape("ssm", "PSParameterName"))),
    "abort alarm": (lambda group, _: names.abort_alarm(group), GUARDED),
    "drift alarm": (lambda group, _: names.drift_alarm(group), GUARDED),
    "stack": (lambda group, _: f"Greenlight-Group-{group}", (STACK,)),
    "scaling target": (
        lambda group, _: f"endpoint/{group}/variant/{VARIANT}",
        # Its pattern, which is Java's, takes all that is printed.
        ({**shape("application-autoscaling", "ResourceIdMaxLen1600"), "pattern": r"[ -~]+"},),
    ),
    "log group": (lambda group, _: f"/aws/sagemaker/Endpoints/{group}", (shape("logs", "LogGroupName"),)),
    **{f"{kind} alarm": (guardrail(kind), GUARDED) for kind in ("errors", "latency")},
    **{f"{kind} parameter": (act(kind), (PARAMETER,)) for kind in KINDS},
    **{
        f"{kind} role": (role(kind), ROLE)
        for kind in ("approver", "registrant", "endpoint", "reader", "monitoring")
    },
    **{
        f"{monitor} schedule": (schedule(monitor), (shape(SAGEMAKER, "MonitoringScheduleName"),))
        for monitor in Monitor
    },
}
FIXED = {
    names.DASHBOARD: {"min": 1, "max": 255, "pattern": r"[A-Za-z0-9_-]+"},  # PutDashboard
    names.EVENT_BUS: shape("events", "EventBusName"),
    names.METRIC_NAMESPACE: shape("cloudwatch", "Namespace"),
    names.ABORT_METRIC: shape("cloudwatch", "MetricName"),
    names.AUDITOR: shape("iam", "roleNameType"),
    names.BREAK_GLASS: shape("iam", "roleNameType"),
    names.BOUNDARY: shape("iam", "policyNameType"),
    names.STATE_STACK: STACK,
    names.CONTROLLER_STACK: STACK,
    names.OBSERVABILITY_STACK: STACK,
    names.ACCOUNT_WIDE: MESSAGE_GROUP,
    **{names.function_role_name(one): shape("iam", "roleNameType") for one in ("reconcile", "dashboard")},
}


def fits(name: str, limits: dict[str, Any]) -> None:
    """Fail if a service refuses a name."""
    assert limits.get("min", 0) <= len(name) <= limits["max"]
    if pattern := limits.get("pattern"):
        assert compiled(pattern).fullmatch(name), pattern


@pytest.mark.parametrize("what", COMPOSED)
@given(group=GROUPS, number=NUMBERS)
@settings(deadline=None)
def test_every_composed_name_fits_every_service_that_it_is_given_to(
    what: str, group: str, number: int
) -> None:
    compose, limits = COMPOSED[what]
    for one in limits:
        fits(compose(group, number), one)


@pytest.mark.parametrize("name", FIXED)
def test_every_name_of_ours_fits_its_service(name: str) -> None:
    fits(name, FIXED[name])


@given(pair=st.tuples(GROUPS, GROUPS).filter(lambda pair: pair[0] != pair[1]))
def test_names_that_are_cut_short_stay_the_groups_own(pair: tuple[str, str]) -> None:
    for compose, _ in COMPOSED.values():
        assert compose(pair[0], 1) != compose(pair[1], 1)


@given(group=GROUPS.filter(lambda name: len(name) <= 53))
def test_names_of_usual_length_keep_their_form(group: str) -> None:
    assert names.role_name(group, "registrant") == f"{group}-registrant"
    assert names.schedule_name(group, Monitor.EXPLAINABILITY) == f"{group}-mon-shap"
    assert names.group_of_schedule(names.schedule_name(group, Monitor.MODEL_QUALITY)) == group
