"""The kinds of text that a group's YAML is made of, each with AWS's own limits."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

RESERVED_TAG_PREFIXES = ("aws:", "greenlight:")

_TAG_CHARACTERS = r"[\w\s.:/=+\-@]"  # SageMaker's TagKey and TagValue [B], as far as every engine reads it


def _no_reserved_prefix(key: str) -> str:
    if key.lower().startswith(RESERVED_TAG_PREFIXES):
        raise ValueError(f"a tag key must not begin with {' or '.join(RESERVED_TAG_PREFIXES)}")
    return key


def _as_epoch(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


GroupName = Annotated[
    str,
    StringConstraints(max_length=53, pattern=r"^[a-z0-9](-*[a-z0-9])*$"),
    Field(
        description="Lower-case letters, digits and hyphens; at most 53, because `<name>-registrant` is a role "
        "and a role's name has at most 64."
    ),
]
EndpointName = Annotated[
    str,
    StringConstraints(max_length=63, pattern=r"^[a-z0-9](-*[a-z0-9])*$"),
    Field(description="Lower-case letters, digits and hyphens; at most 63 (CreateEndpoint)."),
]
Line = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=rf"^{_TAG_CHARACTERS}+$")]
Description = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
TagKey = Annotated[
    str,
    StringConstraints(min_length=1, max_length=128, pattern=rf"^{_TAG_CHARACTERS}+$"),
    AfterValidator(_no_reserved_prefix),
]
TagValue = Annotated[str, StringConstraints(max_length=256, pattern=rf"^{_TAG_CHARACTERS}*$")]
Principal = Annotated[
    str,
    StringConstraints(max_length=2048, pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[\w+=,.@/-]+$"),
    Field(description="The ARN of an IAM role or user that exists; no wildcard, no whole account."),
]
KmsKey = Annotated[
    str,
    StringConstraints(
        max_length=2048, pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$"
    ),
    Field(description="The ARN of a KMS key (not of an alias: permissions are given on the key)."),
]
S3Prefix = Annotated[
    str,
    StringConstraints(
        max_length=512, pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[\w!.()'-][\w!.()'/-]*$"
    ),
    Field(description="s3://bucket/prefix, without wildcards."),
]
InstanceType = Annotated[
    str,
    StringConstraints(pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9-]+$"),
    Field(description="A SageMaker hosting instance type, such as ml.m5.large."),
]
Subnet = Annotated[str, StringConstraints(max_length=32, pattern=r"^subnet-[0-9a-f]+$")]
SecurityGroup = Annotated[str, StringConstraints(max_length=32, pattern=r"^sg-[0-9a-f]+$")]
AlarmName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=255, pattern=r"\S"),
    Field(description="The name of an alarm that exists in this account and region."),
]
Moment = Annotated[
    AwareDatetime,
    AfterValidator(_as_epoch),
    Field(description="ISO 8601 with an offset, such as 2026-12-24T00:00:00+01:00."),
]
