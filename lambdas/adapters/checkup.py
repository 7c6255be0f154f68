"""What `doctor` looks at in the account beside the groups: stacks, trails, alarms, queues, roles, quotas, the clock."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from lambdas.adapters.aws import aws_errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lambdas.adapters.aws import Aws

_STACKS = "Greenlight-"
_DELETED = "DELETE_COMPLETE"
_ALARMS = "greenlight"  # ours begin with `greenlight/` or `greenlight-`
_ENDPOINT_USAGE = " for endpoint usage"  # as SageMaker's quotas of instances are named


class Checkup:
    """Reads; writes nothing."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def caller(self) -> tuple[str, str | None]:
        """Who asks, as an ARN, and AWS's time as HTTP has it (GetCallerIdentity)."""
        answer = self._aws.sts.get_caller_identity()
        return str(answer["Arn"]), answer["ResponseMetadata"]["HTTPHeaders"].get("date")

    def stacks(self) -> dict[str, str]:
        """The status of each stack of ours by name (ListStacks)."""
        with aws_errors("listing stacks"):
            return {
                one["StackName"]: one["StackStatus"]
                for page in self._aws.cloudformation.get_paginator("list_stacks").paginate()
                for one in page["StackSummaries"]
                if one["StackName"].startswith(_STACKS) and one["StackStatus"] != _DELETED
            }

    def trails(self) -> Iterator[tuple[str, bool, bool]]:
        """Each trail: its name, whether it logs, whether with management events that write (DescribeTrails,
        GetTrailStatus, GetEventSelectors)."""
        trails = self._aws.cloudtrail
        with aws_errors("asking CloudTrail for its trails"):
            for one in trails.describe_trails(includeShadowTrails=True)["trailList"]:
                arn = one["TrailARN"]
                logging = bool(trails.get_trail_status(Name=arn)["IsLogging"])
                yield one["Name"], logging, _has_writes(trails.get_event_selectors(TrailName=arn))

    def mappings(self, function: str) -> list[str]:
        """The states of a function's event source mappings (ListEventSourceMappings)."""
        with aws_errors(f"listing the event source mappings of {function}"):
            found = self._aws.lambda_.list_event_source_mappings(FunctionName=function)
        return [str(one["State"]) for one in found["EventSourceMappings"]]

    def messages(self, queue: str) -> int:
        """About how many messages lie in a queue (GetQueueAttributes)."""
        with aws_errors(f"counting the messages of {queue}"):
            found = self._aws.sqs.get_queue_attributes(
                QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"]
            )
        return int(found["Attributes"]["ApproximateNumberOfMessages"])

    def alarms(self) -> dict[str, str]:
        """The state of each alarm of ours by name (DescribeAlarms)."""
        pages = self._aws.cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=_ALARMS)
        with aws_errors("describing alarms"):
            return {one["AlarmName"]: one["StateValue"] for page in pages for one in page["MetricAlarms"]}

    def roles(self, path: str) -> dict[str, Mapping[str, Any]]:
        """The trust policy of each role below a path by its name (ListRoles)."""
        pages = self._aws.iam.get_paginator("list_roles").paginate(PathPrefix=path)
        with aws_errors(f"listing roles below {path}"):
            return {
                one["RoleName"]: one["AssumeRolePolicyDocument"] for page in pages for one in page["Roles"]
            }

    def quotas(self) -> dict[str, float]:
        """How many instances of each type SageMaker gives endpoints (ListServiceQuotas)."""
        pages = self._aws.service_quotas.get_paginator("list_service_quotas").paginate(
            ServiceCode="sagemaker"
        )
        with aws_errors("listing the quotas of SageMaker"):
            return {
                one["QuotaName"].removesuffix(_ENDPOINT_USAGE): float(one["Value"])
                for page in pages
                for one in page["Quotas"]
                if one["QuotaName"].endswith(_ENDPOINT_USAGE)
            }


def epoch(date: str) -> float:
    """HTTP's `Date` in epoch seconds."""
    return parsedate_to_datetime(date).timestamp()


def _has_writes(selectors: Mapping[str, Any]) -> bool:
    """Whether selectors, of the old kind or the new, take management events that write."""
    if any(
        one.get("IncludeManagementEvents") and one.get("ReadWriteType") != "ReadOnly"
        for one in selectors.get("EventSelectors", ())
    ):
        return True
    return any(
        _says(one, "eventCategory", "Management") and not _says(one, "readOnly", "true")
        for one in selectors.get("AdvancedEventSelectors", ())
    )


def _says(selector: Mapping[str, Any], name: str, value: str) -> bool:
    return any(
        one.get("Field") == name and value in one.get("Equals", ())
        for one in selector.get("FieldSelectors", ())
    )
