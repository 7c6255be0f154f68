"""EventBridge's third state of a rule: enabled, and for CloudTrail's read-only management events too.

EventBridge guide, "Receiving read-only management events from AWS services": rules in state ENABLED do not get them.
ministack takes the third state for disabled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.server import hooks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

WITH_READS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


def install() -> None:
    """Let rules hear what their state says."""
    dispatch: Callable[..., None] = hooks.private("services.eventbridge._dispatch_event")

    def by_state(event: Mapping[str, Any], view: Any = None) -> None:
        view = view or hooks.private("services.eventbridge._pattern_event_view")(event)
        if not _only_reads(view.event_with_detail()):
            dispatch(event, view)
        for key, rule in hooks.private("services.eventbridge._rules").items():
            if rule.get("State") == WITH_READS and _concerns(rule, key, event, view):
                for target in hooks.private("services.eventbridge._targets").get(key, []):
                    hooks.private("services.eventbridge._invoke_target")(target, event, rule, view)

    hooks.replace("services.eventbridge._dispatch_event", by_state)


def _only_reads(event: Mapping[str, Any]) -> bool:
    detail = event.get("detail")
    told_by_cloudtrail = event.get("detail-type") == "AWS API Call via CloudTrail"
    return told_by_cloudtrail and isinstance(detail, dict) and detail.get("readOnly") is True


def _concerns(rule: Mapping[str, Any], key: str, event: Mapping[str, Any], view: Any) -> bool:
    same_bus = rule.get("EventBusName", "default") == event.get("EventBusName", "default")
    pattern = rule.get("EventPattern")
    matches: Callable[..., bool] = hooks.private("services.eventbridge._matches_pattern_view")
    return bool(same_bus and pattern and matches(pattern, view, f"rule {key}"))
