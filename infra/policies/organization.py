"""The organisation policy (SCP) that keeps Greenlight's offices from everyone else, administrators included.

Run as a module it writes `policies/organization-policy.json`, to be attached to the accounts that hold Greenlight.

It allows nothing; it takes away from every principal of these accounts, the root users too, but whoever holds the
office. Offices are known by `aws:PrincipalArn`, which for a session is its role's ARN, path and all; that is worth
something only since the same policy lets CloudFormation alone make or change roles below `/greenlight/`, and lets
nobody but the deployers act through the CDK's own roles. Deployers are `/greenlight/*-deployer`: make such a role
before the policy is attached (nobody could afterwards), or deploy from an account to which it is not attached
(`cdk bootstrap --trust`). A bootstrap of its own for Greenlight (`@aws-cdk/core:bootstrapQualifier` in cdk.json) keeps
other teams' stacks out of reach of that role.

It does not bind the organisation's management account, service-linked roles, AWS services that act as themselves, or
principals of accounts that it is not attached to [Organizations guide, "Service control policies"]. Its syntax is what
SCPs take everywhere: Deny with conditions, no Principal, wildcards only at the end of actions [Organizations guide,
"SCP syntax"].
"""

import json
from pathlib import Path
from typing import Any

from infra.policies.denials import denials

_ROOT = Path(__file__).parents[2]
PATH = _ROOT / "policies" / "organization-policy.json"
_QUALIFIER_KEY, _USUAL_QUALIFIER = "@aws-cdk/core:bootstrapQualifier", "hnb659fds"


def organization_policy() -> dict[str, Any]:
    """The policy, for the bootstrap that cdk.json deploys by."""
    context = json.loads((_ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    qualifier = context.get(_QUALIFIER_KEY, _USUAL_QUALIFIER)
    return {
        "Version": "2012-10-17",
        "Statement": [denial.statement_with_exceptions() for denial in denials(qualifier)],
    }


def minified(policy: dict[str, Any]) -> str:
    """Without white space, as its size counts: at most 5120 characters [Organizations guide, "Quotas"]."""
    return json.dumps(policy, separators=(",", ":"))


def pretty(policy: dict[str, Any]) -> str:
    """As it is kept in the repository."""
    return json.dumps(policy, indent=2) + "\n"


if __name__ == "__main__":
    PATH.write_text(pretty(organization_policy()), encoding="utf-8")
