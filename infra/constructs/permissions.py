"""What each function may do, statement by statement. No wildcard actions; a wildcard resource carries its reason.

Actions, resource types and condition keys: AWS Service Authorization Reference.
"""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from lambdas.core.names import ALARM_PREFIX, GROUP_TAG, METRIC_NAMESPACE, PARAMETER_PREFIX, ROLE_PATH

_OURS_BY_REQUEST = {"Null": {f"aws:RequestTag/{GROUP_TAG}": "false"}}
_OURS_BY_RESOURCE = {"Null": {f"aws:ResourceTag/{GROUP_TAG}": "false"}}


def _arn(service: str, resource: str) -> str:
    return cdk.Fn.sub(f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}")


def _allow(
    sid: str, actions: list[str], resources: list[str], conditions: dict[str, object] | None = None
) -> iam.PolicyStatement:
    return iam.PolicyStatement(sid=sid, actions=actions, resources=resources, conditions=conditions)


def _sagemaker(*kinds: str) -> list[str]:
    return [_arn("sagemaker", f"{kind}/*") for kind in kinds]


def tables(state_arn: str, ledger_arn: str, key_arn: str) -> list[iam.PolicyStatement]:
    """reconcile: read and replace records; add ledger entries, never change one."""
    return [
        _allow("State", ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:ConditionCheckItem"], [state_arn]),
        _allow("StateIndexes", ["dynamodb:Query"], [f"{state_arn}/index/*"]),
        _allow("LedgerAppend", ["dynamodb:PutItem"], [ledger_arn]),
        _key(key_arn),
    ]


def sweep_tables(state_arn: str, key_arn: str) -> list[iam.PolicyStatement]:
    """sweep: its own item, and the indexes."""
    own = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["#sweep"]}}
    return [
        _allow("OwnState", ["dynamodb:GetItem", "dynamodb:PutItem"], [state_arn], own),
        _allow("StateIndexes", ["dynamodb:Query"], [f"{state_arn}/index/*"]),
        _key(key_arn),
    ]


def _key(key_arn: str) -> iam.PolicyStatement:
    return _allow(
        "TablesKey", ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"], [key_arn]
    )


def reconcile_registry() -> list[iam.PolicyStatement]:
    """Read the registry; decide nothing in it, whatever else may be allowed some day."""
    packages = _sagemaker("model-package", "model-package-group")
    return [
        _allow("ReadRegistry", ["sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"], packages),
        iam.PolicyStatement(
            sid="NeverDecide",
            effect=iam.Effect.DENY,
            actions=[
                "sagemaker:CreateModelPackage",
                "sagemaker:DeleteModelPackage",
                "sagemaker:DeleteModelPackageGroup",
                "sagemaker:DeleteModelPackageGroupPolicy",
                "sagemaker:PutModelPackageGroupPolicy",
                "sagemaker:UpdateModelPackage",
            ],
            resources=["*"],
        ),
    ]


def reconcile_endpoints() -> list[iam.PolicyStatement]:
    """Make only what carries our tag; move and delete only what carries it."""
    return [
        _allow("ReadEndpoints", ["sagemaker:DescribeEndpoint", "sagemaker:ListTags"], _sagemaker("endpoint")),
        _allow(
            "MakeOurs",
            ["sagemaker:CreateModel", "sagemaker:CreateEndpointConfig", "sagemaker:CreateEndpoint"],
            _sagemaker("model", "endpoint-config", "endpoint"),
            _OURS_BY_REQUEST,
        ),
        # CreateEndpoint is checked against the config too, which the request's tags say nothing about.
        _allow("MakeOfOurs", ["sagemaker:CreateEndpoint"], _sagemaker("endpoint-config"), _OURS_BY_RESOURCE),
        _allow(
            "TagOurs",
            ["sagemaker:AddTags"],
            _sagemaker("model", "endpoint-config", "endpoint"),
            _OURS_BY_REQUEST,
        ),
        # CreateModel reads the version's content.
        _allow("ModelOfPackage", ["sagemaker:CreateModel"], _sagemaker("model-package")),
        _allow(
            "ChangeOurs",
            [
                "sagemaker:UpdateEndpoint",
                "sagemaker:DeleteEndpoint",
                "sagemaker:DeleteEndpointConfig",
                "sagemaker:DeleteModel",
            ],
            _sagemaker("model", "endpoint-config", "endpoint"),
            _OURS_BY_RESOURCE,
        ),
        _allow(
            "PassEndpointRoles",
            ["iam:PassRole"],
            [cdk.Fn.sub(f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role{ROLE_PATH}*-endpoint")],
            {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        ),
    ]


def reconcile_alarms() -> list[iam.PolicyStatement]:
    """Guardrails and the abort metric."""
    ours = [_arn("cloudwatch", f"alarm:{ALARM_PREFIX}*")]
    return [
        _allow(
            "Guardrails",
            ["cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms", "cloudwatch:TagResource"],
            ours,
        ),
        # Further alarms that a spec names may have any name.
        _allow("ReadAlarms", ["cloudwatch:DescribeAlarms"], [_arn("cloudwatch", "alarm:*")]),
        # PutMetricData has no resource; the namespace is what bounds it.
        _allow(
            "AbortMetric",
            ["cloudwatch:PutMetricData"],
            ["*"],
            {"StringEquals": {"cloudwatch:namespace": METRIC_NAMESPACE}},
        ),
    ]


def reconcile_scaling() -> list[iam.PolicyStatement]:
    """Autoscaling of endpoint variants, and the service-linked role that AWS makes for it once."""
    target = "application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
    service = "sagemaker.application-autoscaling.amazonaws.com"
    return [
        _allow(
            "Scaling",
            [
                "application-autoscaling:DeregisterScalableTarget",
                "application-autoscaling:PutScalingPolicy",
                "application-autoscaling:RegisterScalableTarget",
            ],
            [_arn("application-autoscaling", "scalable-target/*")],
            {"StringEquals": {"application-autoscaling:service-namespace": "sagemaker"}},
        ),
        _allow(
            "ScalingServiceRole",
            ["iam:CreateServiceLinkedRole"],
            [
                cdk.Fn.sub(
                    f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/aws-service-role/sagemaker.{target}"
                )
            ],
            {"StringLike": {"iam:AWSServiceName": service}},
        ),
    ]


def reconcile_queues(queue_arn: str, dead_letter_arn: str) -> list[iam.PolicyStatement]:
    """Work off the queue, and bury what cannot be read."""
    return [
        _allow(
            "Queue",
            [
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:GetQueueUrl",
                "sqs:ReceiveMessage",
            ],
            [queue_arn],
        ),
        _allow("Bury", ["sqs:SendMessage"], [dead_letter_arn]),
    ]


def read_specs(action: str) -> list[iam.PolicyStatement]:
    """Read the groups' specs, one (GetParameter) or all (GetParametersByPath)."""
    prefix = PARAMETER_PREFIX.rstrip("/").lstrip("/")
    return [
        _allow("Specs", [action], [_arn("ssm", f"parameter/{prefix}"), _arn("ssm", f"parameter/{prefix}/*")])
    ]


def sweep_search(queue_arn: str) -> list[iam.PolicyStatement]:
    """Find what changed, and ask for looks."""
    return [
        # Search has no resource: it answers with what the account has.
        _allow("Search", ["sagemaker:Search"], ["*"]),
        _allow("Enqueue", ["sqs:SendMessage"], [queue_arn]),
    ]
