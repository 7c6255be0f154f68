"""Whether IAM takes what a stack's roles may do: all inline policies of a role together have a limit.

White space does not count [IAM guide, "IAM and AWS STS quotas"]. What only CloudFormation knows is taken to be as long
as it can be.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from infra.config.problems import Problem

MOST_INLINE = 10_240
"""Characters of all inline policies of a role."""

_LONGEST = {
    "AWS::Partition": "aws-us-gov",
    "AWS::Region": "ap-southeast-1",
    "AWS::AccountId": "123456789012",
    "AWS::URLSuffix": "amazonaws.com.cn",
}


def too_large(stack: cdk.Stack, group: str) -> Iterator[Problem]:
    """The roles of a group's stack that IAM would refuse for their inline policies, each with the way out."""
    for child in stack.node.find_all():
        if not isinstance(child, iam.CfnRole):
            continue
        length = inline_length(stack.resolve(child.policies) or ())
        if length > MOST_INLINE:
            yield Problem(
                f"group {group}",
                f"role {stack.resolve(child.role_name)}",
                f"given policies of {length} characters",
                f"IAM takes {MOST_INLINE}: name fewer or shorter prefixes in artifacts, such as one that all of them "
                "lie below",
            )


def inline_length(policies: Any) -> int:
    """Characters of resolved inline policies, without white space that IAM does not count."""
    documents = [
        _plain(one["PolicyDocument" if "PolicyDocument" in one else "policyDocument"]) for one in policies
    ]
    return sum(len(json.dumps(one, separators=(",", ":"), ensure_ascii=False)) for one in documents)


def _plain(value: Any) -> Any:
    """A resolved value with CloudFormation's functions carried out."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if len(value) == 1:
        ((function, argument),) = value.items()
        if function == "Ref":
            return _LONGEST.get(argument, argument)
        if function == "Fn::Join":
            return argument[0].join(str(_plain(part)) for part in argument[1])
        if function == "Fn::Sub":
            return re.sub(r"\$\{([^}]+)\}", lambda found: _LONGEST.get(found[1], found[0]), str(argument))
    return {key: _plain(item) for key, item in value.items()}
