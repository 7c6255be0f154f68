"""Whether an AWS service may publish to a topic: by the topic's policy, and by that of the key that encrypts it.

Sources: SNS developer guide, "Configuring Amazon SNS topic encryption": conditions on the source do not hold for
EventBridge ("not supported for EventBridge-to-encrypted topics"), they do for CloudWatch's alarms; a topic under an
AWS managed key takes nothing from other services.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from local.server import hooks

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.server.cloudformation import Made, Properties

logger = logging.getLogger(__name__)

EVENTS, ALARMS = "events.amazonaws.com", "cloudwatch.amazonaws.com"
_KEY_USES = ("kms:Decrypt", "kms:GenerateDataKey")
_TELLS_KMS_ITS_SOURCE = frozenset({ALARMS})


def install() -> None:
    """Let alarms tell only the topics that CloudWatch may publish to; topics of templates keep their keys."""
    _keep_keys()
    dispatch: Callable[..., None] = hooks.private("services.cloudwatch._dispatch_alarm_actions")

    def checked(alarm: Any, old_state: str, new_state: str, reason: str) -> None:
        source = str(alarm.get("AlarmArn", ""))
        told = {
            name: [one for one in alarm.get(name) or () if _takes(str(one), source)]
            for name in ("AlarmActions", "OKActions", "InsufficientDataActions")
        }
        dispatch({**alarm, **told}, old_state, new_state, reason)

    hooks.replace("services.cloudwatch._dispatch_alarm_actions", checked)


def _keep_keys() -> None:
    """CloudFormation's AWS::SNS::Topic with its KmsMasterKeyId, which ministack drops."""
    handlers = hooks.private("services.cloudformation.provisioners._RESOURCE_HANDLERS")
    original = dict(handlers["AWS::SNS::Topic"])

    def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
        arn, attributes = original["create"](logical_id, properties, stack_name)
        _encrypt(arn, properties)
        return arn, attributes

    def update(
        ref: str, old: Properties, new: Properties, stack_name: str, logical_id: str | None = None
    ) -> Made:
        arn, attributes = original["update"](ref, old, new, stack_name, logical_id)
        _encrypt(arn, new)
        return arn, attributes

    handlers["AWS::SNS::Topic"] = {**original, "create": create, "update": update}


def _encrypt(arn: str, properties: Properties) -> None:
    attributes = hooks.private("services.sns._topics")[arn]["attributes"]
    if key := properties.get("KmsMasterKeyId"):
        attributes["KmsMasterKeyId"] = key
    else:
        attributes.pop("KmsMasterKeyId", None)


def _takes(action: str, source: str) -> bool:
    if ":sns:" not in action:
        return True
    why = why_not(action, ALARMS, source)
    if why is not None:
        logger.warning("the alarm %s told nobody: %s", source, why)
    return why is None


def why_not(topic_arn: str, service: str, source_arn: str) -> str | None:
    """Why a service may not publish to a topic; None: it may, or there is no such topic.

    Args:
        topic_arn: of this account and region.
        service: the principal, EVENTS or ALARMS.
        source_arn: the rule or the alarm on whose behalf it publishes.
    """
    from ministack.services import kms, sns  # noqa: PLC0415 - reads settings at import

    topic = hooks.private("services.sns._topics").get(topic_arn)
    if topic is None:
        return None
    account = source_arn.split(":")[4]
    if not sns.topic_policy_allows(topic_arn, service, source_arn, account):
        return f"the policy of {topic_arn} does not allow {service} to publish for {source_arn}"
    key = str(topic["attributes"].get("KmsMasterKeyId") or "")
    if not key:
        return None
    policy = kms.key_policy_for_arn(key)
    known = (
        {"aws:sourcearn": source_arn, "aws:sourceaccount": account}
        if service in _TELLS_KMS_ITS_SOURCE
        else {}
    )
    denied = [use for use in _KEY_USES if not _allows(policy, service, use, key, known)]
    return f"the key {key} of {topic_arn} does not allow {service} {' and '.join(denied)}" if denied else None


def _allows(
    found: tuple[Any, str] | None, service: str, action: str, resource: str, source: dict[str, str]
) -> bool:
    from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy  # noqa: PLC0415 - as above

    if found is None or not found[0]:
        return False
    context = EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=resource,
        region=resource.split(":")[3],
        service_context=source,
    )
    return bool(evaluate_resource_policy(found[0], context, service=service).decision == "Allow")
