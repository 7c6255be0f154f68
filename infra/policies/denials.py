"""What nobody may do who has no office in Greenlight: the statements that boundary and organisation policy share.

Whatever names nothing by itself is known by what it is called: our stacks, and so what CloudFormation names after
them, begin with STACK_PREFIX. Actions, resource types and condition keys: AWS Service Authorization Reference.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lambdas.core.names import (
    ALARM_PREFIX,
    BREAK_GLASS,
    GROUP_TAG,
    METRIC_NAMESPACE,
    PARAMETER_PREFIX,
    ROLE_PATH,
    function_role_name,
)

STACK_PREFIX = "Greenlight-"
FUNCTIONS = ("reconcile", "sweep")
_STATUS = "sagemaker:ModelApprovalStatus"
_PENDING = "PendingManualApproval"


def role(name: str) -> str:
    """The ARN pattern of a role below our path, in any account."""
    return f"arn:*:iam::*:role{ROLE_PATH}{name}"


APPROVERS = role("*-approver")
RECONCILE, SWEEP = (role(function_role_name(name)) for name in FUNCTIONS)
# Both that work off a queue: reconcile, and retrain, which tells it of the runs that it started. Short of room, and the
# queues are named alike.
WORKERS, QUEUES = role(function_role_name("re*")), "arn:*:sqs:*:*:greenlight-re*"
EMERGENCY = role(BREAK_GLASS)
OURS = role(
    "greenlight-*"
)  # the functions and the account's roles: short of room, where all of them may be meant
DEPLOYERS = role("*-deployer")


@dataclass(frozen=True)
class Denial:
    """One statement that denies.

    Attributes:
        sid: what it keeps from happening.
        actions: which calls.
        resources: on what, by ARN patterns that hold in any partition, account and region.
        conditions: when, by operator and key.
        excepted: ARN patterns of the roles whose office it is; the organisation policy leaves them out.
        all_but: whether it denies every call but `actions`.
    """

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...] = ("*",)
    conditions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    excepted: tuple[str, ...] = ()
    all_but: bool = False

    def statement(self) -> dict[str, Any]:
        """As JSON, for everyone whom the policy is attached to."""
        return {
            "Sid": self.sid,
            "Effect": "Deny",
            "NotAction" if self.all_but else "Action": list(self.actions),
            "Resource": _one(self.resources),
            **({"Condition": dict(self.conditions)} if self.conditions else {}),
        }

    def statement_with_exceptions(self) -> dict[str, Any]:
        """As JSON, for everyone but those whose office it is. Someone without a name, such as a service, is denied:
        neither boundary nor organisation policy is about services."""
        if not self.excepted:
            return self.statement()
        others = {"ArnNotLike": {"aws:PrincipalArn": _one(self.excepted)}}
        return self.statement() | {"Condition": {**self.conditions, **others}}


def denials(qualifier: str) -> tuple[Denial, ...]:
    """Every statement that both policies have.

    Args:
        qualifier: of the CDK bootstrap by which Greenlight is deployed (`hnb659fds` unless chosen otherwise), or `*`
            for any bootstrap.
    """
    # Cut short to spare room: Deploy guards the whole prefix.
    executor = f"arn:*:iam::*:role/cdk-{qualifier}-cfn-*"
    return (
        *_decisions(executor),
        *_endpoints(executor),
        *_steering(executor),
        *_roles(executor),
        # Who deploys decides everything; and a stack that was made by CloudFormation's role is changed by that role,
        # whoever asks [CloudFormation guide, "service role"]. The assets are code that the next deploy runs.
        Denial(
            "Deploy",
            (
                "cloudformation:Describe*",
                "cloudformation:Detect*",
                "cloudformation:Get*",
                "cloudformation:List*",
                "iam:Get*",
                "iam:List*",
                "s3:Get*",
                "s3:List*",
            ),
            (
                f"arn:*:cloudformation:*:*:stack/{STACK_PREFIX}*",
                "arn:*:cloudformation:*:*:stack/CDKToolkit*",
                f"arn:*:iam::*:role/cdk-{qualifier}-*",
                f"arn:*:s3:::cdk-{qualifier}-*",
            ),
            excepted=(f"arn:*:iam::*:role/cdk-{qualifier}-*", DEPLOYERS),
            all_but=True,
        ),
        # An account that has left is bound by no organisation's policy.
        Denial("LeaveOrganization", ("organizations:LeaveOrganization",)),
    )


def _decisions(executor: str) -> tuple[Denial, ...]:
    """Without a status counts as decided: what SageMaker makes of it is not documented. Nobody at all has the office of
    registering as decided, CloudFormation neither."""
    return (
        Denial(
            "Decide",
            ("sagemaker:UpdateModelPackage",),
            conditions={"Null": {_STATUS: "false"}},
            excepted=(APPROVERS,),
        ),
        Denial(
            "RegisterAsDecided",
            ("sagemaker:CreateModelPackage",),
            conditions={"StringNotEquals": {_STATUS: _PENDING}},
        ),
        # Whether a version has its group's tags is not documented, so this is about every group.
        Denial(
            "RemoveEvidence",
            (
                "sagemaker:DeleteModelPackage",
                "sagemaker:DeleteModelPackageGroup",
                "sagemaker:DeleteModelPackageGroupPolicy",
                "sagemaker:PutModelPackageGroupPolicy",
            ),
            excepted=(executor,),
        ),
    )


def _endpoints(executor: str) -> tuple[Denial, ...]:
    """What carries our tag, monitoring schedules too, and the tag itself; a group's stack puts it on the group."""
    hands = (RECONCILE, EMERGENCY, executor)
    return (
        Denial(
            "ChangeOurs",
            (
                "sagemaker:AddTags",
                "sagemaker:CreateEndpoint*",
                "sagemaker:CreateInference*",
                "sagemaker:CreateModel",
                "sagemaker:Delete*",
                "sagemaker:Start*",
                "sagemaker:Stop*",
                "sagemaker:UpdateEndpoint*",
                "sagemaker:UpdateInference*",
                "sagemaker:UpdateMon*",
            ),
            conditions={"Null": {f"aws:ResourceTag/{GROUP_TAG}": "false"}},
            excepted=hands,
        ),
        Denial(
            "MakeOurs",
            ("sagemaker:AddTags", "sagemaker:Create*"),
            conditions={"Null": {f"aws:RequestTag/{GROUP_TAG}": "false"}},
            excepted=hands,
        ),
    )


def _steering(executor: str) -> tuple[Denial, ...]:
    """What reconcile is, and what it goes by."""
    functions = f"arn:*:lambda:*:*:function:{STACK_PREFIX}*"
    return (
        Denial(
            "ChangeMachinery",
            (
                "events:Describe*",
                "events:List*",
                "lambda:Get*",
                "lambda:Invoke*",
                "lambda:List*",
                "scheduler:Get*",
                "sns:Get*",
                "sns:List*",
                "sns:Publish",
                "sns:Subscribe",
                "ssm:Get*",
            ),
            (
                f"arn:*:events:*:*:*/{STACK_PREFIX}*",
                functions,
                f"arn:*:scheduler:*:*:schedule/*/{STACK_PREFIX}*",
                f"arn:*:sns:*:*:{STACK_PREFIX}*",
                f"arn:*:ssm:*:*:parameter{PARAMETER_PREFIX}*",
            ),
            excepted=(executor,),
            all_but=True,
        ),
        Denial(
            "RewireFunctions",
            (
                "lambda:CreateEventSourceMapping",
                "lambda:DeleteEventSourceMapping",
                "lambda:UpdateEventSourceMapping",
            ),
            conditions={"ArnLike": {"lambda:FunctionArn": functions}},
            excepted=(EMERGENCY, executor),
        ),
        Denial(
            "WriteTables",
            (
                "dynamodb:BatchWriteItem",
                "dynamodb:Delete*",
                "dynamodb:PartiQLDelete",
                "dynamodb:PartiQLInsert",
                "dynamodb:PartiQLUpdate",
                "dynamodb:Put*",
                "dynamodb:Update*",
            ),
            (f"arn:*:dynamodb:*:*:table/{STACK_PREFIX}*",),
            excepted=(RECONCILE, SWEEP, executor),
        ),
        Denial(
            "TouchAlarmsAndQueue",
            ("cloudwatch:Describe*", "cloudwatch:Get*", "cloudwatch:List*", "sqs:Get*", "sqs:List*"),
            (
                f"arn:*:cloudwatch:*:*:alarm:{ALARM_PREFIX.rstrip('/')}*",
                QUEUES,
            ),
            excepted=(WORKERS, SWEEP, EMERGENCY, executor),
            all_but=True,
        ),
        Denial(
            "ForgeMetrics",
            ("cloudwatch:PutMetricData",),
            conditions={"StringEquals": {"cloudwatch:namespace": METRIC_NAMESPACE}},
            excepted=(OURS,),
        ),
    )


def _roles(executor: str) -> tuple[Denial, ...]:
    """A role below our path is what the exceptions go by, so nobody makes or changes one but CloudFormation."""
    return (
        Denial(
            "ChangeRoles",
            ("iam:Generate*", "iam:Get*", "iam:List*", "iam:PassRole", "iam:Simulate*", "sts:*"),
            (role("*"), f"arn:*:iam::*:policy{ROLE_PATH}*"),
            excepted=(executor,),
            all_but=True,
        ),
        Denial("PassRoles", ("iam:PassRole",), (role("*"),), excepted=(RECONCILE, EMERGENCY, executor)),
        Denial("BecomeAFunction", ("sts:AssumeRole",), (WORKERS, SWEEP)),
    )


def _one(values: tuple[str, ...]) -> str | list[str]:
    """IAM takes one for a list of one, and both policies are short of room."""
    return values[0] if len(values) == 1 else list(values)
