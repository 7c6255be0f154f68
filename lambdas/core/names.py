"""Names and tags on which parts of the system rely; every name is a function of what it stands for."""

import hashlib
import json
import re

from lambdas.core.codec import encode
from lambdas.core.spec import Monitor

PARAMETER_PREFIX = "/greenlight/groups/"
ACT_PREFIX = "/greenlight/acts/"
FREEZE_PARAMETER = "/greenlight/freeze"
ROLE_PATH = "/greenlight/"
STATE_STACK = "Greenlight-State"
CONTROLLER_STACK = "Greenlight-Controller"
OBSERVABILITY_STACK = "Greenlight-Observability"
DASHBOARD = "Greenlight"  # of CloudWatch
ALARM_PREFIX = "greenlight/"
GROUP_TAG = "greenlight:group"
REASON_TAG = "greenlight:reason"  # why an endpoint was given to us
VERSION_TAG = "greenlight:version"
SWEEP = "sweep"  # the source of a look that no event asked for
RETRAIN = "retrain"  # the source of a look that the function of that name asks for
RUN_KEY = "greenlight:run"  # of customer metadata: the run that registered a version
METRIC_NAMESPACE = "Greenlight"
FUNCTION_DIMENSION = "Function"
NEEDS_A_PERSON = (
    "needs-a-person"  # the metric of what does not go on, or not rightly, until somebody has looked
)
ABORT_METRIC = "Abort"
GROUP_DIMENSION = "Group"
ACCOUNT_WIDE = (
    "#account"  # the ledger of what concerns no one group; no group's name begins with a number sign
)
EVENT_BUS = "greenlight"
EVENT_SOURCE = "greenlight"
AUDITOR = "greenlight-auditor"
BREAK_GLASS = "greenlight-break-glass"
BOUNDARY = "greenlight-boundary"

_MAX_NAME = 63  # SageMaker's limit for models, endpoint configs, endpoints and monitoring schedules [B]
_MAX_ROLE = 64  # IAM's, whatever the path [B]
_ALARM = re.compile(rf"{ALARM_PREFIX}(?P<group>[^/]+)/.+")
_GROUP = "[A-Za-z0-9](?:-*[A-Za-z0-9])*"  # ModelPackageGroupName [B]: no group is called `..`
_PARAMETER = re.compile(rf"{PARAMETER_PREFIX}(?P<spec>{_GROUP})|{ACT_PREFIX}(?P<act>{_GROUP})/[^/]+")
_SHORT = {
    Monitor.DATA_QUALITY: "data",
    Monitor.MODEL_QUALITY: "model",
    Monitor.BIAS: "bias",
    Monitor.EXPLAINABILITY: "shap",
}
_SCHEDULE = re.compile(rf"(?P<group>.+)-mon-(?:{'|'.join(_SHORT.values())})")
_RUN = re.compile(r"(?P<group>.+)-run-[0-9]+")
_VERSIONED = re.compile(r"-v(?P<version>[0-9]+)-[0-9a-f]{10}$")


def parameter_name(group: str) -> str:
    """The SSM parameter that holds the group's spec."""
    return f"{PARAMETER_PREFIX}{group}"


def group_of_parameter(name: str) -> str | None:
    """The group whose spec, or whose act, this parameter is, or None for any other parameter."""
    match = _PARAMETER.fullmatch(name)
    return (match["spec"] or match["act"]) if match else None


def act_parameter(group: str, kind: str) -> str:
    """The SSM parameter by which people ask something of the group: `pause`, `retry` or `retrain`."""
    return f"{ACT_PREFIX}{group}/{kind}"


def role_name(group: str, kind: str) -> str:
    """The group's role of a kind: `approver`, `registrant` or `endpoint`.

    The whole group's name is in it, if it has at most 53 characters (checked before synth).
    """
    return _within(_MAX_ROLE, group, f"-{kind}")


def function_role_name(name: str) -> str:
    """The role of one of our functions, such as `reconcile`, below ROLE_PATH."""
    return f"greenlight-{name}"


def account_of(arn: str) -> str:
    """The twelve digits in an ARN."""
    return arn.split(":")[4]


def partition_of(arn: str) -> str:
    """The part of AWS that an ARN is of: `aws`, `aws-cn`, `aws-us-gov` …"""
    return arn.split(":")[1]


def abort_alarm(group: str) -> str:
    """The alarm that is part of every rollout of the group, and that only we trip."""
    return f"{ALARM_PREFIX}{group}/abort"


def guardrail_alarm(group: str, config: str, kind: str) -> str:
    """An alarm on the fleet of one endpoint config; `kind` is `errors` or `latency`."""
    return f"{ALARM_PREFIX}{group}/{config}/{kind}"


def group_of_alarm(name: str) -> str | None:
    """The group an alarm of ours belongs to, or None for any other alarm."""
    match = _ALARM.fullmatch(name)
    return match["group"] if match else None


def drift_alarm(group: str) -> str:
    """The alarm on what the group's own data-quality schedule measures."""
    return f"{ALARM_PREFIX}{group}/drift"


def run_name(group: str, number: int) -> str:
    """A run of the group's pipeline: its token, and its display name (at most 82 characters [B])."""
    return f"{group}-run-{number}"


def group_of_run(name: str) -> str | None:
    """The group whose run this is, or None for any other display name."""
    match = _RUN.fullmatch(name)
    return match["group"] if match else None


def schedule_name(group: str, monitor: Monitor) -> str:
    """A monitoring schedule of the group; the whole group's name is in it, if it has at most 53 characters."""
    return _within(_MAX_NAME, group, f"-mon-{_SHORT[monitor]}")


def group_of_schedule(name: str) -> str | None:
    """The group whose monitoring schedule this is, or None for any other."""
    match = _SCHEDULE.fullmatch(name)
    return match["group"] if match else None


def digest(*content: object) -> str:
    """Ten hex digits of this content."""
    text = json.dumps([encode(one) for one in content], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def versioned_name(group: str, version: int, *content: object) -> str:
    """`<group>-v<version>-<fingerprint>`, at most 63 characters; the same content gives the same name."""
    suffix = f"-v{version}-{digest(group, *content)}"
    return group[: _MAX_NAME - len(suffix)].rstrip("-") + suffix


def _within(most: int, group: str, suffix: str) -> str:
    """`<group><suffix>`; where that is longer than `most`, a digest stands for what of the group's name is cut off."""
    if len(group) + len(suffix) <= most:
        return group + suffix
    short = f"-{digest(group)}{suffix}"
    return group[: most - len(short)].rstrip("-") + short


def version_in(name: str) -> int | None:
    """The version that a model's or config's name was made for, or None when it is not such a name."""
    match = _VERSIONED.search(name)
    return int(match["version"]) if match else None
