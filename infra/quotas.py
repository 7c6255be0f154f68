"""What an app takes of the quotas of an account or region, and what to ask AWS for before it is deployed.

Defaults and limits: IAM guide, "IAM and AWS STS quotas"; CloudWatch guide, "CloudWatch service quotas"; Systems Manager
and CloudFormation endpoints and quotas (AWS General Reference).
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import aws_cdk as cdk

from infra.config.group import GroupConfig

_NEAR = 0.8  # of a quota: the account has more in it than Greenlight


@dataclass(frozen=True)
class Quota:
    """A quota that grows with the groups.

    Attributes:
        what: in words, plural.
        default: what an account has unless it asks.
        most: what AWS gives at most, None: not documented.
        ask: where it is raised.
    """

    what: str
    default: int
    most: int | None
    ask: str


QUOTAS: dict[str, Quota] = {
    "AWS::IAM::Role": Quota("roles in the account", 1_000, 5_000, "IAM, 'Roles per account'"),
    "AWS::CloudWatch::Alarm": Quota("alarms in the region", 5_000, None, "CloudWatch, 'Alarms'"),
    "AWS::SSM::Parameter": Quota(
        "parameters in the region", 10_000, 100_000, "Systems Manager, the advanced tier"
    ),
    "AWS::CloudFormation::Stack": Quota("stacks in the region", 2_000, None, "CloudFormation, 'Stack count'"),
}
"""By the type of resource that counts."""


@dataclass(frozen=True)
class Shortage:
    """A quota that an app comes near, or is above: `wanted` of it."""

    quota: Quota
    wanted: int

    def __str__(self) -> str:
        quota = self.quota
        said = f"this app has {self.wanted:,} {quota.what}, where AWS gives {quota.default:,} unless asked"
        if quota.most is not None and self.wanted > quota.most:
            return f"{said}, and at most {quota.most:,}: spread the groups over several accounts"
        return f"{said}: ask for more before you deploy (Service Quotas: {quota.ask})"


def taken(app: cdk.App, groups: Iterable[GroupConfig]) -> Counter[str]:
    """How many of each counted type an app has, those included that rollouts make.

    Args:
        app: with all of its stacks.
        groups: whose stacks they are. Each kept config of a group has its guardrails.
    """
    found = [one for one in app.node.find_all() if isinstance(one, cdk.CfnResource | cdk.Stack)]
    counts = Counter(
        "AWS::CloudFormation::Stack" if isinstance(one, cdk.Stack) else one.cfn_resource_type for one in found
    )
    for group in groups:
        limits = (group.guardrails.error_rate, group.guardrails.latency_p99_ms)
        kept = group.retain_versions + 1  # and the one that a rollout leads to
        counts["AWS::CloudWatch::Alarm"] += kept * sum(limit is not None for limit in limits)
        counts["AWS::CloudWatch::Alarm"] += 2 * (group.endpoint.autoscaling is not None)  # AWS makes them
    return counts


def shortages(counts: Counter[str]) -> Iterator[Shortage]:
    """The quotas that so many come near."""
    for kind, quota in QUOTAS.items():
        if counts[kind] > _NEAR * quota.default:
            yield Shortage(quota, counts[kind])
