"""The permissions boundary for every human role of the account that has no office in Greenlight.

Attach `/greenlight/greenlight-boundary` to the roles (and users) of administrators, data scientists, everybody; not to
the groups' registrants and approvers, the auditor, break-glass, nor to the roles by which the platform team deploys:
the boundary keeps from stepping into the CDK's roles, since whoever deploys decides everything. It grants nothing: what
a role may do is what its own policies and the boundary both allow; what it denies, no policy of a resource gives back.

Whoever carries it cannot take it off, cannot make a principal without it, nor give power or credentials to one. What
IAM cannot express: a bound human may still pass on, or step into, a role without boundary whose own trust policy lets
them, may change the code of a function that runs as such a role, and a stack that was made by such a role. So let
powerful roles of other services carry it too, or attach the organisation policy, which binds every principal.
"""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.nag import NIST, SOLUTIONS, acknowledge
from infra.policies.denials import Denial, denials, role
from lambdas.core.names import (
    ACT_PREFIX,
    BOUNDARY,
    EVENT_BUS,
    FREEZE_PARAMETER,
    ROLE_PATH,
    function_role_name,
)

_ANY_BOOTSTRAP = "*"  # each has a role that may do everything
_WHY = "a boundary grants nothing: it says what policies of others may grant at most, and denies what is Greenlight's"


def boundary(scope: Construct) -> iam.CfnManagedPolicy:
    """The managed policy. A permissions boundary is one policy, so it allows what it does not deny.

    Size: at most 6144 characters without white space [IAM guide, "IAM and AWS STS quotas"].
    """
    everything = {"Sid": "GrantsNothing", "Effect": "Allow", "Action": "*", "Resource": "*"}
    shared = [denial.statement() for denial in denials(_ANY_BOOTSTRAP)]
    policy = iam.CfnManagedPolicy(
        scope,
        "Boundary",
        managed_policy_name=BOUNDARY,
        path=ROLE_PATH,
        description="Greenlight: what humans without an office in it may do at most",
        policy_document=iam.PolicyDocument.from_json(
            {
                "Version": "2012-10-17",
                "Statement": [everything, *shared, *(denial.statement() for denial in _more())],
            }
        ),
    )
    acknowledge(
        policy,
        {
            f"{SOLUTIONS}IAM5[Action::*]": _WHY,
            f"{SOLUTIONS}IAM5[Resource::*]": _WHY,
            f"{NIST}IAMPolicyNoStatementsWithAdminAccess": _WHY,
            f"{NIST}IAMPolicyNoStatementsWithFullAccess": _WHY,
        },
    )
    return policy


def _more() -> tuple[Denial, ...]:
    """What this policy has room for beside the shared statements: the acts of approvers and the freeze windows, what
    announce says, and the ways out of any boundary [IAM guide, "Permissions boundaries for IAM entities"].

    `iam:PermissionsBoundary` is, for a principal that is there already, the boundary that it has. It is not known to
    calls that change a trust policy or make credentials, so these are denied altogether.
    """
    ours = cdk.Fn.sub(f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:policy{ROLE_PATH}{BOUNDARY}")
    return (
        Denial(
            "EmpowerUnbound",
            (
                "iam:AttachRolePolicy",
                "iam:AttachUserPolicy",
                "iam:CreateRole",
                "iam:CreateUser",
                "iam:PutRolePermissionsBoundary",
                "iam:PutRolePolicy",
                "iam:PutUserPermissionsBoundary",
                "iam:PutUserPolicy",
            ),
            conditions={"StringNotEquals": {"iam:PermissionsBoundary": ours}},
        ),
        # Short of room, the organisation policy leaves out what only holds groups still.
        Denial(
            "HoldGroups",
            ("ssm:DeleteParameter*", "ssm:PutParameter"),
            (f"arn:*:ssm:*:*:parameter{ACT_PREFIX}*", f"arn:*:ssm:*:*:parameter{FREEZE_PARAMETER}"),
        ),
        # The organisation policy has no room for them either. PutRule is another thing: whoever may, listens.
        Denial(
            "ForgeAnnouncements",
            (
                "events:DeleteEventBus",
                "events:PutEvents",
                "events:UpdateEventBus",
            ),
            (f"arn:*:events:*:*:event-bus/{EVENT_BUS}",),
        ),
        # They have no resource type: a Deny that names a bus matches nothing [Service Authorization Reference].
        Denial("OpenBuses", ("events:PutPermission", "events:RemovePermission")),
        Denial("BecomeAnnounce", ("sts:AssumeRole",), (role(function_role_name("announce")),)),
        Denial("TakeItOff", ("iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary")),
        Denial(
            "BecomeAnother",
            (
                "iam:CreateAccessKey",
                "iam:CreateLoginProfile",
                "iam:UpdateAssumeRolePolicy",
                "iam:UpdateLoginProfile",
            ),
        ),
    )
