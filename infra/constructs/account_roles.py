"""The roles of people in the whole account: auditor, who reads everything, and break-glass, for emergencies."""

from collections.abc import Sequence

import aws_cdk as cdk
from constructs import Construct

from infra.constructs import permissions
from infra.constructs.grants import Grant, allow, deny, describe_alarms, here
from infra.constructs.ledger_policy import CHANGES
from infra.constructs.named_role import NamedRole
from infra.constructs.trust import stepping_in
from lambdas.core.names import (
    ACT_PREFIX,
    AUDITOR,
    BREAK_GLASS,
    DASHBOARD,
    FREEZE_PARAMETER,
    PARAMETER_PREFIX,
    ROLE_PATH,
)

_READS = "it reads, and an auditor reads everything of Greenlight"
_NO_RESOURCE = "these take no resource; they only read"
_OWN_STACKS = "stacks of groups come and go"
_ONE_HOUR = 3600


def auditor(
    scope: Construct, principals: Sequence[str], *, tables: Sequence[str], keys: Sequence[str], page: str
) -> None:
    """The role that reads the registry, the ledger, the endpoints, the logs, and writes nothing.

    Args:
        scope: of the role.
        principals: who may step into it.
        tables: ARNs of the state table and the ledger.
        keys: ARNs of the keys of the tables and of the logs.
        page: ARN of the function that draws the page.
    """
    NamedRole(
        scope,
        AUDITOR,
        name=AUDITOR,
        policy=AUDITOR,
        description="Reads everything of Greenlight; writes nothing",
        trust=stepping_in(principals, mfa=False, source_identity=False, tags={}),
        grants=[*_reading(tables, keys, page), *_never_writing(), _never_touching_endpoints()],
    )


def break_glass(
    scope: Construct,
    principals: Sequence[str],
    *,
    tables: Sequence[str],
    keys: Sequence[str],
    page: str,
    reconcile: str,
) -> None:
    """The role that writes our endpoints in reconcile's stead, and switches reconcile off; decides nothing.

    Args:
        scope: of the role.
        principals: who may step into it, with a source identity, for an hour; IAM users with a second factor.
        tables: as for the auditor.
        keys: as for the auditor.
        page: as for the auditor.
        reconcile: ARN of the function.
    """
    NamedRole(
        scope,
        BREAK_GLASS,
        name=BREAK_GLASS,
        policy=BREAK_GLASS,
        description="For emergencies: writes Greenlight's endpoints, switches reconcile off; each use is told and "
        "recorded",
        trust=stepping_in(principals, mfa=True, source_identity=True, tags={}),
        seconds=_ONE_HOUR,
        grants=[
            *_reading(tables, keys, page),
            *permissions.reconcile_endpoints(),
            *permissions.reconcile_alarms(),
            allow(
                "SwitchReconcile",
                ["lambda:GetEventSourceMapping", "lambda:UpdateEventSourceMapping"],
                [here("lambda", "event-source-mapping:*")],
                {"ArnEquals": {"lambda:FunctionArn": reconcile}},
                why="AWS chooses a mapping's id; the function bounds it",
            ),
            *_never_writing(),
        ],
    )


def _reading(tables: Sequence[str], keys: Sequence[str], page: str) -> list[Grant]:
    parameters = (f"{PARAMETER_PREFIX}*", f"{ACT_PREFIX}*", FREEZE_PARAMETER)
    made = ("model", "endpoint", "endpoint-config", "model-package", "model-package-group")
    loop = ("data-quality", "model-quality", "model-bias", "model-explainability")
    watched = [
        *(here("sagemaker", f"{kind}-job-definition/*") for kind in loop),
        here("sagemaker", "monitoring-schedule/*"),
        here("sagemaker", "pipeline/*/execution/*"),
    ]
    logs = [here("logs", "log-group:Greenlight-*"), here("logs", "log-group:Greenlight-*:log-stream:*")]
    return [
        allow(
            "Registry",
            [
                "sagemaker:BatchDescribeModelPackage",
                "sagemaker:DescribeEndpoint",
                "sagemaker:DescribeEndpointConfig",
                "sagemaker:DescribeModel",
                "sagemaker:DescribeModelPackage",
                "sagemaker:DescribeModelPackageGroup",
                "sagemaker:GetModelPackageGroupPolicy",
                "sagemaker:ListTags",
            ],
            [here("sagemaker", f"{kind}/*") for kind in made],
            why=_READS,
        ),
        allow(
            "Monitoring",
            [
                "sagemaker:DescribeDataQualityJobDefinition",
                "sagemaker:DescribeModelBiasJobDefinition",
                "sagemaker:DescribeModelExplainabilityJobDefinition",
                "sagemaker:DescribeModelQualityJobDefinition",
                "sagemaker:DescribeMonitoringSchedule",
                "sagemaker:DescribePipelineExecution",
                "sagemaker:ListPipelineExecutionSteps",
                "sagemaker:ListTags",
            ],
            watched,
            why=_READS,
        ),
        allow(
            "Lists",
            [
                "cloudformation:ListStacks",
                "cloudtrail:DescribeTrails",
                "cloudtrail:LookupEvents",
                "cloudwatch:GetMetricData",
                "cloudwatch:ListDashboards",
                "cloudwatch:ListMetrics",
                "iam:ListRoles",
                "lambda:ListEventSourceMappings",
                "sagemaker:ListEndpointConfigs",
                "sagemaker:ListEndpoints",
                "sagemaker:ListModelPackageGroups",
                "sagemaker:ListModelPackages",
                "sagemaker:ListModels",
                "sagemaker:ListMonitoringExecutions",
                "sagemaker:ListMonitoringSchedules",
                "sagemaker:Search",
                "servicequotas:ListServiceQuotas",
                "ssm:DescribeParameters",
            ],
            ["*"],
            why=_NO_RESOURCE,
        ),
        allow(
            "Tables",
            [
                "dynamodb:DescribeContinuousBackups",
                "dynamodb:DescribeTable",
                "dynamodb:GetItem",
                "dynamodb:GetResourcePolicy",
                "dynamodb:Query",
                "dynamodb:Scan",
            ],
            list(tables),
        ),
        allow("Keys", ["kms:Decrypt", "kms:DescribeKey"], list(keys)),
        allow(
            "Parameters",
            ["ssm:GetParameter", "ssm:GetParameterHistory", "ssm:GetParameters"],
            [here("ssm", f"parameter{name}") for name in parameters],
            why=_READS,
        ),
        *permissions.list_specs(),
        allow(
            "Trails",
            ["cloudtrail:GetEventSelectors", "cloudtrail:GetTrailStatus"],
            [here("cloudtrail", "trail/*")],
            why="the trails are the account's, whatever their names",
        ),
        allow(
            "DeadLetters",
            ["sqs:GetQueueAttributes"],
            [
                here("sqs", "greenlight-reconcile-dead-letters.fifo"),
                here("sqs", "greenlight-retrain-dead-letters"),
            ],
        ),
        allow(
            "AlarmHistory", ["cloudwatch:DescribeAlarmHistory"], [here("cloudwatch", "alarm:*")], why=_READS
        ),
        describe_alarms("Alarms", why=_READS),
        # The console calls the page's function as whoever looks [CloudWatch guide, "Custom widgets"].
        allow("Page", ["lambda:InvokeFunction"], [page]),
        allow("Dashboard", ["cloudwatch:GetDashboard"], [_dashboard()]),
        allow(
            "Logs",
            ["logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents"],
            logs,
            why="CloudFormation names the log groups; the stacks' prefix bounds them",
        ),
        allow(
            "Stacks",
            ["cloudformation:DescribeStacks", "cloudformation:GetTemplate"],
            [here("cloudformation", "stack/Greenlight-*/*")],
            why=_OWN_STACKS,
        ),
        allow(
            "Roles",
            ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"],
            [cdk.Fn.sub(f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role{ROLE_PATH}*")],
            why=_READS,
        ),
    ]


def _dashboard() -> str:
    """Dashboards are of no region."""
    return cdk.Fn.sub(f"arn:${{AWS::Partition}}:cloudwatch::${{AWS::AccountId}}:dashboard/{DASHBOARD}")


def _never_writing() -> list[Grant]:
    """Whatever these roles may be allowed some day: no decision, no entry, no spec, no role."""
    return [
        deny(
            "NeverDecide",
            [
                "sagemaker:CreateModelPackage",
                "sagemaker:CreateModelPackageGroup",
                "sagemaker:DeleteModelPackage",
                "sagemaker:DeleteModelPackageGroup",
                "sagemaker:DeleteModelPackageGroupPolicy",
                "sagemaker:PutModelPackageGroupPolicy",
                "sagemaker:UpdateModelPackage",
            ],
            ["*"],
        ),
        deny(
            "NeverWriteTables",
            [
                *CHANGES,
                "dynamodb:DeleteResourcePolicy",
                "dynamodb:DeleteTable",
                "dynamodb:PutItem",
                "dynamodb:PutResourcePolicy",
                "dynamodb:UpdateTable",
            ],
            ["*"],
        ),
        deny("NeverWriteSpecs", ["ssm:DeleteParameter", "ssm:DeleteParameters", "ssm:PutParameter"], ["*"]),
        deny(
            "NeverWriteRoles",
            [
                "iam:AttachRolePolicy",
                "iam:CreateRole",
                "iam:DeleteRole",
                "iam:DeleteRolePolicy",
                "iam:DetachRolePolicy",
                "iam:PutRolePolicy",
                "iam:UpdateAssumeRolePolicy",
            ],
            ["*"],
        ),
    ]


def _never_touching_endpoints() -> Grant:
    return deny(
        "NeverTouchEndpoints",
        [
            "sagemaker:AddTags",
            "sagemaker:CreateEndpoint",
            "sagemaker:CreateEndpointConfig",
            "sagemaker:CreateModel",
            "sagemaker:DeleteEndpoint",
            "sagemaker:DeleteEndpointConfig",
            "sagemaker:DeleteModel",
            "sagemaker:DeleteTags",
            "sagemaker:UpdateEndpoint",
            "sagemaker:UpdateEndpointWeightsAndCapacities",
        ],
        ["*"],
    )
