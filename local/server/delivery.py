"""From a rule or schedule to its target, as EventBridge does it: permission, retries, the target's DLQ.

EventBridge user guide, "How EventBridge retries delivering events" and "Using dead-letter queues": an event that
cannot be delivered for want of permission or because the target is gone is not retried; it goes to the DLQ at
once, else it is dropped. Other failures are retried with back-off up to the target's retry policy.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.server import hooks, json_path, topic_access
from local.server.events import count_delivery
from local.server.scope import account_scope

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.server.clock import ScaledTime
    from local.server.timer import Timer

    Record = Mapping[str, Any]

logger = logging.getLogger(__name__)

DEFAULT_ATTEMPTS = 185
DEFAULT_AGE = 86_400
FIRST_BACKOFF = 1.0
LONGEST_BACKOFF = 300.0


@dataclass(frozen=True)
class DeliveryError(Exception):
    """Why a target did not take an event: EventBridge's error code, words, and whether it tries again."""

    code: str
    message: str
    again: bool = False


@dataclass(frozen=True)
class Delivery:
    """One event on its way to one target of one rule or schedule; `started` is wall time."""

    source_arn: str
    rule_name: str
    target: Record
    payload: str
    event: Mapping[str, Any]
    account: str
    region: str
    started: float
    attempt: int = 0


class Deliveries:
    """Takes ministack's place in delivering to targets."""

    def __init__(self, clock: ScaledTime, timer: Timer) -> None:
        self._clock = clock
        self._timer = timer
        self.resolve_paths = True
        """The switch: MessageGroupId by JSON path resolved, or taken literally."""
        self.failing: dict[str, int] = {}
        """The fault: how many of the next deliveries to a target's ARN fail in a way that is tried again."""

    def install(self) -> None:
        """Deliver in ministack's place."""
        original = hooks.private("services.eventbridge._invoke_target")

        def invoke(target: Record, event: Mapping[str, Any], rule: Record, view: Any = None) -> None:
            service = str(target.get("Arn", "")).split(":")[2:3]
            if service not in (["sqs"], ["lambda"], ["sns"]):
                original(target, event, rule, view)
                return
            self._begin(target, event, rule, view)

        hooks.replace("services.eventbridge._invoke_target", invoke)

    def _begin(self, target: Record, event: Mapping[str, Any], rule: Record, view: Any) -> None:
        from ministack.core.responses import get_account_id, get_region  # noqa: PLC0415 - reads settings at import

        view = view or hooks.private("services.eventbridge._pattern_event_view")(event)
        whole = view.event_with_detail()
        self.deliver(
            Delivery(
                source_arn=str(rule["Arn"]),
                rule_name=str(rule["Name"]),
                target=target,
                payload=_payload(target, whole, rule, view),
                event=whole,
                account=get_account_id(),
                region=get_region(),
                started=time.time(),
            )
        )

    def deliver(self, delivery: Delivery) -> None:
        """Try once; on a failure try again later, or give up to the DLQ."""
        with account_scope(delivery.account, delivery.region):
            counts = {"Invocations": 1} if delivery.attempt == 0 else {"RetryInvocationAttempts": 1}
            count_delivery(delivery.rule_name, **counts)
            try:
                self._attempt(delivery)
            except DeliveryError as error:
                self._failed(delivery, error)

    def _attempt(self, delivery: Delivery) -> None:
        arn = str(delivery.target["Arn"])
        if self.failing.get(arn, 0) > 0:
            self.failing[arn] -= 1
            raise DeliveryError("SDK_CLIENT_ERROR", f"{arn} is made to fail", again=True)
        service, account, region = (arn.split(":")[part] for part in (2, 4, 3))
        if (account, region) != (delivery.account, delivery.region):
            raise DeliveryError("NO_PERMISSIONS", f"{arn} is in another account or region")
        send = {"sqs": self._to_queue, "lambda": _to_function, "sns": _to_topic}[service]
        send(arn, delivery)

    def _to_queue(self, arn: str, delivery: Delivery) -> None:
        group = (delivery.target.get("SqsParameters") or {}).get("MessageGroupId")
        if group and self.resolve_paths and json_path.is_path(group):
            found = json_path.resolve(group, delivery.event)
            if found is None:
                raise DeliveryError("INVALID_PARAMETER", f"{group} names nothing in the event")
            group = found if isinstance(found, str) else json.dumps(found)
        send_to_queue(
            arn, delivery.payload, source_arn=delivery.source_arn, target=delivery.target, group=group
        )

    def _failed(self, delivery: Delivery, error: DeliveryError) -> None:
        policy = delivery.target.get("RetryPolicy") or {}
        attempts = int(policy.get("MaximumRetryAttempts", DEFAULT_ATTEMPTS))
        oldest = int(policy.get("MaximumEventAgeInSeconds", DEFAULT_AGE))
        age = (time.time() - delivery.started) * self._clock.scale
        wait = min(FIRST_BACKOFF * 2**delivery.attempt, LONGEST_BACKOFF)
        exhausted = "MaximumRetryAttempts" if delivery.attempt >= attempts else "MaximumEventAgeInSeconds"
        if error.again and delivery.attempt < attempts and age + wait < oldest:
            again = Delivery(**{**delivery.__dict__, "attempt": delivery.attempt + 1})
            self._timer.at(time.time() + self._clock.wall_seconds(wait), lambda: self.deliver(again))
            return
        count_delivery(delivery.rule_name, FailedInvocations=1)
        _to_dead_letters(delivery, error, exhausted if error.again else None)


def send_to_queue(
    arn: str,
    body: str,
    *,
    source_arn: str,
    target: Record,
    group: str | None,
    attributes: Mapping[str, Mapping[str, str]] | None = None,
) -> None:
    """Send as EventBridge does: by the queue's policy, or by the role of a schedule. Raises DeliveryError."""
    from ministack.services import sqs  # noqa: PLC0415 - reads settings at import

    queue = hooks.private("services.sqs._queue_by_arn")(arn)
    if queue is None:
        raise DeliveryError("NO_RESOURCE", f"the queue {arn} does not exist")
    if not _role_allows(target, "sqs:SendMessage", arn) and not sqs.queue_policy_allows(
        arn, "events.amazonaws.com", source_arn, source_arn.split(":")[4]
    ):
        raise DeliveryError(
            "NO_PERMISSIONS", f"the policy of the queue {arn} does not allow {source_arn} to send"
        )
    request: dict[str, Any] = {"MessageBody": body, "MessageAttributes": dict(attributes or {})}
    if queue["is_fifo"]:
        request["MessageGroupId"] = group
    url = hooks.private("services.sqs._queue_url")(arn.rsplit(":", 1)[1])
    try:
        hooks.private("services.sqs._act_send_message")(request, url)
    except hooks.private("services.sqs._Err") as error:
        raise DeliveryError("INVALID_PARAMETER", str(error)) from error


def _to_function(arn: str, delivery: Delivery) -> None:
    from ministack.services import lambda_svc  # noqa: PLC0415 - reads settings at import

    func, config, name = hooks.private("services.lambda_svc._get_func_record_for_ref")(arn)
    if func is None or config is None:
        raise DeliveryError("NO_RESOURCE", f"the function {name} does not exist")
    if not _role_allows(delivery.target, "lambda:InvokeFunction", arn) and not _function_allows(
        arn, delivery.source_arn
    ):
        raise DeliveryError(
            "NO_PERMISSIONS", f"the policy of the function {arn} does not allow {delivery.source_arn}"
        )
    record = hooks.private("services.lambda_svc._execution_record_for_config")(func, config)
    lambda_svc.invoke_async_with_retry(record, json.loads(delivery.payload))


def _function_allows(arn: str, source_arn: str) -> bool:
    from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy  # noqa: PLC0415 - as above
    from ministack.services import lambda_svc  # noqa: PLC0415 - as above

    found = lambda_svc.function_policy_for_arn(arn)
    if not found or not found[0]:
        return False
    account, region = source_arn.split(":")[4], source_arn.split(":")[3]
    context = EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action="lambda:InvokeFunction",
        resource_arn=arn,
        region=region,
        service_context={"aws:sourcearn": source_arn, "aws:sourceaccount": account},
    )
    answer = evaluate_resource_policy(found[0], context, service="events.amazonaws.com")
    return bool(answer.decision == "Allow")


def _role_allows(target: Record, action: str, resource: str) -> bool:
    """Whether a schedule's role (a rule's target may have one too) allows the delivery."""
    from ministack.core.iam_evaluator import EvalContext, evaluate  # noqa: PLC0415 - reads settings at import

    role = str(target.get("RoleArn") or "")
    if not role:
        return False
    account, name = role.split(":")[4], role.rsplit("/", 1)[1]
    policies = hooks.private("core.iam_evaluator._gather_role_policies")(name, account)
    context = EvalContext(
        principal_arn=f"arn:aws:sts::{account}:assumed-role/{name}/events",
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=resource.split(":")[3],
    )
    return bool(evaluate(context, policies).decision == "Allow")


def _to_topic(arn: str, delivery: Delivery) -> None:
    from ministack.services import sns  # noqa: PLC0415 - reads settings at import

    if (why := topic_access.why_not(arn, topic_access.EVENTS, delivery.source_arn)) is not None:
        raise DeliveryError("NO_PERMISSIONS", why)
    try:
        sent = sns.publish_internal(arn, delivery.payload, "")
    except sns.SnsPublishError as error:
        raise DeliveryError("NO_PERMISSIONS", str(error)) from error
    if sent is None:
        raise DeliveryError("NO_RESOURCE", f"the topic {arn} does not exist")


def _to_dead_letters(delivery: Delivery, error: DeliveryError, exhausted: str | None) -> None:
    dlq = (delivery.target.get("DeadLetterConfig") or {}).get("Arn")
    if not dlq:
        logger.warning(
            "%s could not deliver to %s and has no DLQ there: %s",
            delivery.rule_name,
            delivery.target["Arn"],
            error,
        )
        return
    told = {
        "RULE_ARN": delivery.source_arn,
        "TARGET_ARN": str(delivery.target["Arn"]),
        "ERROR_CODE": error.code,
        "ERROR_MESSAGE": error.message,
        "RETRY_ATTEMPTS": str(delivery.attempt),
        **({"EXHAUSTED_RETRY_CONDITION": exhausted} if exhausted else {}),
    }
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in told.items()}
    try:
        send_to_queue(
            dlq,
            delivery.payload,
            source_arn=delivery.source_arn,
            target=delivery.target,
            group=None,
            attributes=attributes,
        )
    except DeliveryError as lost:
        logger.warning("%s lost an event: its DLQ %s did not take it: %s", delivery.rule_name, dlq, lost)
        count_delivery(delivery.rule_name, InvocationsFailedToBeSentToDlq=1)
    else:
        count_delivery(delivery.rule_name, InvocationsSentToDlq=1)


def _payload(target: Record, whole: Mapping[str, Any], rule: Record, view: Any) -> str:
    """What a target gets: the event, or what Input, InputPath or InputTransformer make of it."""
    if target.get("InputTransformer"):
        transform: Callable[..., str] = hooks.private("services.eventbridge._apply_input_transformer")
        return transform(target["InputTransformer"], rule, view)
    if target.get("Input"):
        return str(target["Input"])
    if target.get("InputPath"):
        return json.dumps(json_path.resolve(target["InputPath"], whole))
    return json.dumps(whole)
