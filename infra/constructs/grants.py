"""Policy statements, each wildcard resource with the reason why nothing narrower will do.

Actions, resource types and condition keys: AWS Service Authorization Reference.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.nag import acknowledge


@dataclass(frozen=True)
class Grant:
    """A statement; `why` is what is said about the wildcards in its resources."""

    statement: iam.PolicyStatement
    why: str = ""


def allow(
    sid: str,
    actions: list[str],
    resources: list[str],
    conditions: Mapping[str, object] | None = None,
    *,
    why: str = "",
) -> Grant:
    """A statement that allows."""
    return Grant(
        iam.PolicyStatement(sid=sid, actions=actions, resources=resources, conditions=conditions), why
    )


def deny(
    sid: str, actions: list[str], resources: list[str], conditions: Mapping[str, object] | None = None
) -> Grant:
    """A statement that no other can undo."""
    return Grant(
        iam.PolicyStatement(
            sid=sid, effect=iam.Effect.DENY, actions=actions, resources=resources, conditions=conditions
        )
    )


def here(service: str, resource: str) -> str:
    """The ARN of something in this account and region."""
    return cdk.Fn.sub(f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}")


def describe_alarms(sid: str, *, why: str) -> Grant:
    """DescribeAlarms. On anything narrower than `*` it leaves out composite alarms [B]."""
    return allow(
        sid, ["cloudwatch:DescribeAlarms"], ["*"], why=f"{why}; composite alarms are told on `*` alone"
    )


def document(grants: Iterable[Grant]) -> iam.PolicyDocument:
    """A policy of these grants."""
    return iam.PolicyDocument(statements=[grant.statement for grant in grants])


def accept(construct: Construct, grants: Iterable[Grant]) -> None:
    """Acknowledge cdk-nag's findings about wildcards in what `construct` is granted, each with its reason."""
    reasons: dict[str, list[str]] = {}
    for grant in grants:
        if grant.statement.effect is iam.Effect.ALLOW and grant.why:
            for resource in grant.statement.resources:
                text = _text(cdk.Stack.of(construct).resolve(resource))
                if "*" in text:
                    reasons.setdefault(f"AwsSolutions::AwsSolutions-IAM5[Resource::{text}]", []).append(
                        grant.why
                    )
    acknowledge(construct, {finding: "; ".join(why) for finding, why in reasons.items()})


def _text(resource: Any) -> str:
    """A resolved ARN as cdk-nag writes it: `<AWS::Region>` for a reference."""
    if isinstance(resource, Mapping):
        ((function, value),) = resource.items()
        if function == "Fn::Join":
            return str(value[0]).join(_text(part) for part in value[1])
        if function == "Fn::Sub":
            return re.sub(r"\$\{([^}]+)\}", r"<\1>", str(value))
        return f"<{value if isinstance(value, str) else '.'.join(value)}>"
    return str(resource)
