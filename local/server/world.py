"""What SageMaker asks of the rest of AWS, answered by ministack and by our own parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.server import hooks
from local.server.scope import account_scope

if TYPE_CHECKING:
    from local.sagemaker.ports import Fleet
    from local.server.events import Events
    from local.server.fleets import Fleets


class LocalWorld:
    """The port `local.sagemaker.ports.World` of the model."""

    def __init__(self, account: str, region: str, events: Events, fleets: Fleets) -> None:
        self._account = account
        self._region = region
        self._events = events
        self._fleets = fleets

    def emit(self, detail_type: str, resources: list[str], detail: dict[str, Any]) -> None:
        """Put an event with source aws.sagemaker on the default bus."""
        self._events.emit("aws.sagemaker", detail_type, resources, detail)

    def alarm_state(self, name: str) -> str | None:
        """The state of a metric or composite alarm; None if there is none of that name."""
        with account_scope(self._account, self._region):
            for store in ("_alarms", "_composite_alarms"):
                alarm = hooks.private(f"services.cloudwatch.{store}").get(name)
                if alarm is not None:
                    return str(alarm["StateValue"])
        return None

    def object_exists(self, s3_uri: str) -> bool:
        """Whether there is an object of this name, or one below it if it ends in a slash."""
        if not s3_uri.endswith("/"):
            return self._fleets.object(s3_uri) is not None
        bucket, _, prefix = s3_uri.removeprefix("s3://").partition("/")
        with account_scope(self._account, self._region):
            found = hooks.private("services.s3._buckets").get(bucket) or {}
        return any(str(key).startswith(prefix) for key in found.get("objects", {}))

    def role_assumable(self, role_arn: str) -> bool:
        """Whether the role exists and trusts sagemaker.amazonaws.com."""
        from ministack.core.iam_evaluator import (  # noqa: PLC0415 - reads settings at import
            EvalContext,
            evaluate_resource_policy,
        )

        parts = role_arn.split(":", 5)
        if len(parts) != 6 or not parts[5].startswith("role/"):  # noqa: PLR2004 - the fields of an ARN
            return False
        role = hooks.private("services.iam._roles").get_scoped(parts[4], None, role_arn.rsplit("/", 1)[1])
        if role is None or role["Arn"] != role_arn:
            return False
        context = EvalContext(
            principal_arn="*",
            principal_type="Service",
            principal_account="",
            action="sts:AssumeRole",
            resource_arn=role_arn,
            region=self._region,
            service_context={"aws:sourceaccount": self._account},
        )
        answer = evaluate_resource_policy(
            role["AssumeRolePolicyDocument"], context, service="sagemaker.amazonaws.com"
        )
        return bool(answer.decision == "Allow")

    def start_fleet(self, fleet: Fleet) -> str | None:
        """Start a fleet's containers; None when they answer, otherwise why they do not."""
        return self._fleets.start(fleet)

    def stop_fleet(self, fleet: Fleet) -> None:
        """End what start_fleet started."""
        self._fleets.stop(fleet)
