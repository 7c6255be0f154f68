"""The kinds of text that a group's YAML is made of, each with AWS's own limits and how to say them."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import available_timezones

import fastjsonschema
from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

RESERVED_TAG_PREFIXES = ("aws:", "greenlight:")

_NAME = r"^[a-z0-9](-*[a-z0-9])*$"
_PRINCIPAL = r"^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[A-Za-z0-9_+=,.@/-]+$"
_KMS_KEY = r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$"
_TOPIC = r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[a-zA-Z0-9_-]+$"
_S3_BUCKET = r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
# Keys as people have them (`dt=2026-01-05`, spaces), without what IAM takes for a wildcard or a variable.
_S3_KEY = r"[A-Za-z0-9_!.()'=+@,:&-]([A-Za-z0-9_!.()'=+@,:& /-]*[A-Za-z0-9_!.()'=+@,:&/-])?"
_S3_PREFIX = f"^{_S3_BUCKET}/{_S3_KEY}$"
_S3_PLACE = f"^{_S3_BUCKET}(/({_S3_KEY})?)?$"
_INSTANCE_TYPE = r"^ml\.[a-z0-9-]+\.[a-z0-9-]+$"
_MONITORING_IMAGE = (
    r"^[0-9]{12}\.dkr\.ecr(-fips)?\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/[a-z0-9]([a-z0-9._/-]*[a-z0-9])?"
    r"(:[A-Za-z0-9_][A-Za-z0-9._-]*)?(@sha256:[0-9a-f]{64})?$"
)
# ScheduleConfig [B]: hourly, daily, or every so many hours from an hour on.
_MONITORING_SCHEDULE = r"^cron\(0 (\*|([01]?[0-9]|2[0-3])(/(0?[1-9]|1[0-9]|2[0-4]))?) \? \* \* \*\)$"
_OFFSET = r"^-P([0-9]+D|([0-9]+D)?T([0-9]+H|([0-9]+H)?[0-9]+M))$"
_VARIABLE = r"^[a-zA-Z_][a-zA-Z0-9_]*$"  # ProcessingEnvironmentKey [B]
_PIPELINE = r"^[a-zA-Z0-9](-*[a-zA-Z0-9])*$"  # PipelineName [B]
_PARAMETER = r"^[A-Za-z0-9_-]+$"  # PipelineParameterName [B]
_SUBNET = r"^subnet-[0-9a-f]+$"
_SECURITY_GROUP = r"^sg-[0-9a-f]+$"
_TAG_TEXT = r"^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$"  # TagKey and TagValue [B]
_DESCRIPTION = r"^[\p{L}\p{M}\p{Z}\p{S}\p{N}\p{P}]+$"  # EntityDescription [B]: no line breaks
# AlarmName [B]: no ASCII control characters (CloudWatch), not blank (SageMaker).
_ALARM = r"^[^\x00-\x1F\x7F]*[^\x00-\x1F\x7F\s][^\x00-\x1F\x7F]*$"
_BUCKET = r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
_MAIL = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"
_MEDIA_TYPE = r"^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+( *; *[A-Za-z0-9_.-]+=[^;]+)*$"
_REPOSITORY = r"^[a-z0-9]([a-z0-9._-]*[a-z0-9])?(:[0-9]+)?(/[a-z0-9]([a-z0-9._-]*[a-z0-9])?)*(/\*)?$"

IN_WORDS = {
    _NAME: "must be lower-case letters, digits, and hyphens between them",
    _KMS_KEY: "must be the ARN of a key (not of an alias): arn:aws:kms:REGION:ACCOUNT:key/ID",
    _TOPIC: "must be the ARN of an SNS topic: arn:aws:sns:REGION:ACCOUNT:NAME",
    _S3_PREFIX: "must be s3://bucket/prefix, without wildcards",
    _S3_PLACE: "must be s3://bucket/prefix or a whole bucket, s3://bucket, without wildcards",
    _INSTANCE_TYPE: "must be an instance type, such as ml.m5.large",
    _MONITORING_IMAGE: "must be an image in ECR, such as "
    "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer",
    _MONITORING_SCHEDULE: "must be cron(0 * ? * * *), hourly; cron(0 HOUR ? * * *), daily; or "
    "cron(0 HOUR/HOURS ? * * *), every so many hours from one on, all UTC: SageMaker knows no other that recurs, and "
    "NOW runs once only",
    _OFFSET: "must be a time ago in days, hours and minutes, such as -PT2H or -P1DT30M",
    _VARIABLE: "must be letters, digits and _, and not begin with a digit",
    _PIPELINE: "must be letters, digits, and hyphens between them: the name of a SageMaker pipeline, not its ARN",
    _PARAMETER: "must be letters, digits, _ and -",
    _SUBNET: "must be a subnet's id, such as subnet-0123456789abcdef0",
    _SECURITY_GROUP: "must be a security group's id, such as sg-0123456789abcdef0",
    _TAG_TEXT: "must be letters, digits, spaces and _.:/=+-@",
    _DESCRIPTION: "must be one line of text",
    _ALARM: "must not be blank, nor have line breaks, tabs or other control characters: no alarm has such a name",
    _MEDIA_TYPE: "must be a MIME type, such as application/json",
    _MAIL: "must be a mail address, such as risk-ml@example.com",
    _BUCKET: "must be the name of a bucket, without s3:// and without a path",
    _REPOSITORY: "must be registry/repository without tag or digest, or registry/prefix/*, such as "
    "111122223333.dkr.ecr.eu-west-1.amazonaws.com/scoring/*",
}


def _no_reserved_prefix(key: str) -> str:
    if key.lower().startswith(RESERVED_TAG_PREFIXES):
        raise ValueError(f"a tag key must not begin with {' or '.join(RESERVED_TAG_PREFIXES)}")
    return key


def _no_reference(text: str) -> str:
    """Parameter Store takes `{{` for a reference to another parameter, and refuses it."""
    if "{{" in text:
        raise ValueError("must not contain {{")
    return text


def _not_ours(name: str) -> str:
    """Parameters of a pipeline that Greenlight gives itself begin so."""
    if name.startswith("Greenlight"):
        raise ValueError("must not begin with Greenlight: those parameters are given by it")
    return name


def _a_schema(schema: dict[str, object]) -> dict[str, object]:
    """Compile it once: what a smoke test finds only after a rollout is found too late."""
    _no_reference(json.dumps(schema, separators=(",", ":")))
    if outside := sorted(set(_outside(schema))):
        raise ValueError(f"must not refer to what is not part of it: {', '.join(outside)}")
    try:
        fastjsonschema.compile(schema)
    except Exception as error:  # it has no root of its own for what a schema's parts may be wrong in
        raise ValueError(f"must be a JSON Schema: {error}") from error
    return schema


def _outside(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key in {"$ref", "$id", "id"} and isinstance(value, str) and not value.startswith("#"):
                yield value
            yield from _outside(value)
    elif isinstance(part, list):
        for one in part:
            yield from _outside(one)


def _one_principal(arn: str) -> str:
    """Say which of the ways to name too many it is; what stands here decides what goes live."""
    if "*" in arn or "?" in arn:
        raise ValueError(
            "must not have a wildcard: it would let in whoever gets such a name; name each role or user"
        )
    if arn.endswith(":root") or re.fullmatch("[0-9]{12}", arn):
        raise ValueError("must not be a whole account: anyone in it could be let in; name each role or user")
    if ":sts:" in arn:
        raise ValueError("must not be a session, which ends: name its role, arn:aws:iam::ACCOUNT:role/NAME")
    if not re.fullmatch(_PRINCIPAL, arn):
        raise ValueError(
            "must be the ARN of one role or user, such as arn:aws:iam::111122223333:role/ModelRisk"
        )
    return arn


def is_role(principal: str) -> bool:
    """Whether a principal is a role; else it is an IAM user, which unlike a role's session may have an MFA device."""
    return ":role/" in principal


def _a_cron(expression: str) -> str:
    """Five fields; AWS's own dialect has six."""
    try:
        CronSim(expression, datetime.now(UTC))
    except CronSimError as error:
        raise ValueError(
            f"must be a cron expression of five fields (minute hour day month weekday), such as 0 17 * * 5: {error}"
        ) from error
    return expression


def _a_time_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("must be a time zone's name, such as Europe/Berlin or UTC")
    return name


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


GroupName = Annotated[
    str,
    StringConstraints(max_length=53, pattern=_NAME),
    Field(
        description="Lower-case letters, digits and hyphens; at most 53, because `<name>-registrant` is a role "
        "and a role's name has at most 64."
    ),
]
EndpointName = Annotated[
    str,
    StringConstraints(max_length=63, pattern=_NAME),
    Field(description="Lower-case letters, digits and hyphens; at most 63 (CreateEndpoint)."),
]
Line = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=_TAG_TEXT)]
Description = Annotated[str, StringConstraints(min_length=1, max_length=1024, pattern=_DESCRIPTION)]
Reason = Annotated[Description, AfterValidator(_no_reference)]
TagKey = Annotated[
    str,
    StringConstraints(min_length=1, max_length=128, pattern=_TAG_TEXT),
    AfterValidator(_no_reserved_prefix),
]
TagValue = Annotated[str, StringConstraints(max_length=256, pattern=_TAG_TEXT)]
Principal = Annotated[
    str,
    StringConstraints(max_length=2048),
    AfterValidator(_one_principal),
    Field(
        description="The ARN of an IAM role or user that exists; no wildcard, no whole account.",
        json_schema_extra={"pattern": _PRINCIPAL},
    ),
]
KmsKey = Annotated[
    str,
    StringConstraints(max_length=2048, pattern=_KMS_KEY),
    Field(description="The ARN of a KMS key (not of an alias: permissions are given on the key)."),
]
S3Prefix = Annotated[
    str,
    StringConstraints(max_length=512, pattern=_S3_PREFIX),
    Field(description="s3://bucket/prefix, without wildcards."),
]
S3Place = Annotated[
    str,
    StringConstraints(max_length=512, pattern=_S3_PLACE),
    Field(description="s3://bucket/prefix or a whole bucket, s3://bucket; without wildcards."),
]
ShortS3Prefix = Annotated[
    str,
    StringConstraints(max_length=500, pattern=_S3_PREFIX),  # with what is put behind it, still within 512
    Field(description="s3://bucket/prefix, without wildcards, of at most 500 characters."),
]
Topic = Annotated[
    str, StringConstraints(max_length=2048, pattern=_TOPIC), Field(description="The ARN of an SNS topic.")
]
InstanceType = Annotated[
    str,
    StringConstraints(pattern=_INSTANCE_TYPE),
    Field(description="A SageMaker instance type, such as ml.m5.large."),
]
Mail = Annotated[str, StringConstraints(max_length=254, pattern=_MAIL), Field(description="A mail address.")]
MediaType = Annotated[
    str,
    StringConstraints(max_length=1024, pattern=_MEDIA_TYPE),
    Field(description="A MIME type, such as application/json (InvokeEndpoint)."),
]
Payload = Annotated[str, StringConstraints(min_length=1), AfterValidator(_no_reference)]
AnswerSchema = Annotated[dict[str, object], AfterValidator(_a_schema)]
Subnet = Annotated[str, StringConstraints(max_length=32, pattern=_SUBNET)]
SecurityGroup = Annotated[str, StringConstraints(max_length=32, pattern=_SECURITY_GROUP)]
AlarmName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=255, pattern=_ALARM),
    AfterValidator(_no_reference),
    Field(description="The name of an alarm that exists in this account and region."),
]
Moment = Annotated[
    AwareDatetime,
    AfterValidator(_in_utc),
    Field(description="ISO 8601 with an offset, such as 2026-12-24T00:00:00+01:00."),
]
Cron = Annotated[
    str,
    AfterValidator(_a_cron),
    Field(description="Five fields: minute, hour, day of month, month, day of week (0 and 7 are Sunday)."),
]
TimeZone = Annotated[
    str, AfterValidator(_a_time_zone), Field(description="A name such as Europe/Berlin or UTC.")
]
Bucket = Annotated[str, StringConstraints(pattern=_BUCKET), Field(description="The name of an S3 bucket.")]
Repository = Annotated[
    str,
    StringConstraints(max_length=512, pattern=_REPOSITORY),
    Field(description="registry/repository without a tag, or registry/prefix/* for all below."),
]
MonitoringImage = Annotated[
    str,
    StringConstraints(max_length=255, pattern=_MONITORING_IMAGE),
    Field(
        description="An image in ECR that monitors: Model Monitor's analyzer or Clarify, by region, or your own."
    ),
]
MonitoringSchedule = Annotated[
    str,
    StringConstraints(max_length=256, pattern=_MONITORING_SCHEDULE),
    Field(
        description="cron(0 * ? * * *) hourly, cron(0 12 ? * * *) daily, cron(0 0/6 ? * * *) every six hours; in "
        "UTC, and up to 20 minutes late."
    ),
]
Offset = Annotated[
    str,
    StringConstraints(max_length=15, pattern=_OFFSET),
    Field(description="A time ago: days, hours, minutes, such as -PT2H or -P1D."),
]
Attribute = Annotated[
    str,
    StringConstraints(min_length=1, max_length=256, pattern=_DESCRIPTION),
    AfterValidator(_no_reference),
    Field(description="An index (CSV) or a JSON path (JSON lines) into what was captured."),
]
Feature = Annotated[
    str,
    # feature_baseline_drift_<feature> is a metric's name, of at most 255 characters [CloudWatch, PutMetricData].
    StringConstraints(min_length=1, max_length=232, pattern=_DESCRIPTION),
    Field(description="The name of a feature, as the baseline has it."),
]
VariableName = Annotated[str, StringConstraints(max_length=256, pattern=_VARIABLE)]
VariableValue = Annotated[str, StringConstraints(max_length=256), AfterValidator(_no_reference)]
PipelineName = Annotated[
    str,
    StringConstraints(max_length=256, pattern=_PIPELINE),
    Field(description="The name of a SageMaker pipeline in this account and region."),
]
ParameterName = Annotated[
    str, StringConstraints(max_length=256, pattern=_PARAMETER), AfterValidator(_not_ours)
]
ParameterValue = Annotated[str, StringConstraints(max_length=1024), AfterValidator(_no_reference)]
