"""What each function may do, statement by statement; no wildcard actions."""

import aws_cdk as cdk

from infra.constructs.grants import Grant, allow, deny, describe_alarms, here
from infra.constructs.ledger_policy import CHANGES
from lambdas.core.names import (
    ACT_PREFIX,
    ALARM_PREFIX,
    FREEZE_PARAMETER,
    GROUP_TAG,
    METRIC_NAMESPACE,
    PARAMETER_PREFIX,
    ROLE_PATH,
)

_OURS_BY_REQUEST = {"Null": {f"aws:RequestTag/{GROUP_TAG}": "false"}}
_OURS_BY_RESOURCE = {"Null": {f"aws:ResourceTag/{GROUP_TAG}": "false"}}
LISTS = "SageMaker's pages disagree whether its lists take a resource, and they only read"
_ANY_GROUP = "groups come and go without a deploy of this stack"
_OURS_ONLY = f"names are the groups'; the tag {GROUP_TAG} is what bounds it"
_THEIR_KEYS = "keys are the groups', and their own policies decide"
_SCALING_ROLE = (
    "role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/"
    "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
)


def _sagemaker(*kinds: str) -> list[str]:
    return [here("sagemaker", f"{kind}/*") for kind in kinds]


def _role(name: str) -> str:
    return cdk.Fn.sub(f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:{name}")


def reconcile_tables(state_arn: str, ledger_arn: str, state_key_arn: str, ledger_key_arn: str) -> list[Grant]:
    """Read and replace records; add ledger entries, never read or change one."""
    return [
        allow("State", ["dynamodb:GetItem", "dynamodb:PutItem"], [state_arn]),
        allow("StateIndex", ["dynamodb:Query"], [f"{state_arn}/index/endpoint"]),
        allow("LedgerAppend", ["dynamodb:PutItem"], [ledger_arn]),
        deny("LedgerNeverChange", list(CHANGES), [ledger_arn]),
        _keys(state_key_arn, ledger_key_arn),
    ]


def sweep_tables(state_arn: str, key_arn: str) -> list[Grant]:
    """Its own item, and the indexes."""
    own = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["#sweep"]}}
    indexes = [f"{state_arn}/index/endpoint", f"{state_arn}/index/unsettled"]
    return [
        allow("OwnState", ["dynamodb:GetItem", "dynamodb:PutItem"], [state_arn], own),
        allow("StateIndexes", ["dynamodb:Query"], indexes),
        _keys(key_arn),
    ]


def _keys(*key_arns: str) -> Grant:
    """The tables' keys, by way of DynamoDB only."""
    actions = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]
    return allow("TableKeys", actions, list(key_arns), _via("dynamodb"))


def _via(service: str) -> dict[str, object]:
    return {"StringEquals": {"kms:ViaService": f"{service}.{cdk.Aws.REGION}.amazonaws.com"}}


def reconcile_registry() -> list[Grant]:
    """Read the registry; decide nothing in it, whatever else may be allowed some day."""
    packages = _sagemaker("model-package", "model-package-group")
    return [
        allow("ReadRegistry", ["sagemaker:DescribeModelPackage"], packages, why=_ANY_GROUP),
        allow("ListRegistry", ["sagemaker:ListModelPackages"], ["*"], why=LISTS),
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
        deny("NeverTagDecisions", ["sagemaker:AddTags", "sagemaker:DeleteTags"], packages),
    ]


def reconcile_endpoints() -> list[Grant]:
    """Make only what carries our tag from its first moment; move and delete only what carries it."""
    made = _sagemaker("model", "endpoint-config", "endpoint")
    creating = ["CreateModel", "CreateEndpointConfig", "CreateEndpoint"]
    # By the request's tag an endpoint is made; what it is made from must carry ours already, see MakeOfOurs.
    by_request = [
        ("CreateModel", "model"),
        ("CreateEndpointConfig", "endpoint-config"),
        ("CreateEndpoint", "endpoint"),
    ]
    return [
        allow(
            "ReadEndpoints",
            [
                "sagemaker:DescribeEndpoint",
                "sagemaker:DescribeEndpointConfig",
                "sagemaker:DescribeModel",
                "sagemaker:ListTags",
            ],
            made,
            why=_ANY_GROUP,
        ),
        *(
            allow(
                f"MakeOur{action.removeprefix('Create')}",
                [f"sagemaker:{action}"],
                _sagemaker(kind),
                _OURS_BY_REQUEST,
                why=_OURS_ONLY,
            )
            for action, kind in by_request
        ),
        # CreateEndpoint is checked against the config too, which is there already.
        allow(
            "MakeOfOurs",
            ["sagemaker:CreateEndpoint"],
            _sagemaker("endpoint-config"),
            _OURS_BY_RESOURCE,
            why=_OURS_ONLY,
        ),
        allow(
            "TagWhileMaking",
            ["sagemaker:AddTags"],
            made,
            {**_OURS_BY_REQUEST, "StringEquals": {"sagemaker:TaggingAction": creating}},
            why=_OURS_ONLY,
        ),
        allow(
            "ChangeOurs",
            [
                "sagemaker:DeleteEndpoint",
                "sagemaker:DeleteEndpointConfig",
                "sagemaker:DeleteModel",
                "sagemaker:UpdateEndpoint",
            ],
            made,
            _OURS_BY_RESOURCE,
            why=_OURS_ONLY,
        ),
        allow(
            "PassEndpointRoles",
            ["iam:PassRole"],
            [_role(f"role{ROLE_PATH}*-endpoint")],
            {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
            why=_ANY_GROUP,
        ),
        # The grant on a volume key is made for who creates or updates the endpoint; the key's own policy decides.
        allow(
            "VolumeKeys",
            ["kms:CreateGrant"],
            [here("kms", "key/*")],
            {"Bool": {"kms:GrantIsForAWSResource": "true"}, **_via("sagemaker")},
            why=_THEIR_KEYS,
        ),
        allow(
            "ReadVolumeKeys", ["kms:DescribeKey"], [here("kms", "key/*")], _via("sagemaker"), why=_THEIR_KEYS
        ),
    ]


def reconcile_monitoring() -> list[Grant]:
    """Monitoring schedules, and the job definitions that they run by: as endpoints, only what carries our tag."""
    definitions = ("DataQuality", "ModelQuality", "ModelBias", "ModelExplainability")
    kinds = ("data-quality", "model-quality", "model-bias", "model-explainability")
    made = _sagemaker(*(f"{kind}-job-definition" for kind in kinds), "monitoring-schedule")
    names = [*(f"{one}JobDefinition" for one in definitions), "MonitoringSchedule"]
    creating = [f"Create{name}" for name in names]
    return [
        allow(
            "ReadMonitoring",
            [*(f"sagemaker:Describe{name}" for name in names), "sagemaker:ListTags"],
            made,
            why=_ANY_GROUP,
        ),
        allow(
            "ReadInspections",
            ["sagemaker:ListMonitoringExecutions"],
            ["*"],
            why="ListMonitoringExecutions has no resource; it only reads",
        ),
        allow(
            "MakeMonitoring",
            [f"sagemaker:{action}" for action in creating],
            made,
            _OURS_BY_REQUEST,
            why=_OURS_ONLY,
        ),
        allow(
            "TagMonitoring",
            ["sagemaker:AddTags"],
            made,
            {**_OURS_BY_REQUEST, "StringEquals": {"sagemaker:TaggingAction": creating}},
            why=_OURS_ONLY,
        ),
        allow(
            "ChangeMonitoring",
            [*(f"sagemaker:Delete{name}" for name in names), "sagemaker:UpdateMonitoringSchedule"],
            made,
            _OURS_BY_RESOURCE,
            why=_OURS_ONLY,
        ),
        allow(
            "PassMonitoringRoles",
            ["iam:PassRole"],
            [_role(f"role{ROLE_PATH}*-monitoring")],
            {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
            why=_ANY_GROUP,
        ),
    ]


def reconcile_runs() -> list[Grant]:
    """See how runs of pipelines go; start none."""
    return [
        allow(
            "ReadRuns",
            ["sagemaker:DescribePipelineExecution", "sagemaker:ListPipelineExecutionSteps"],
            [here("sagemaker", "pipeline/*/execution/*")],
            why="pipelines are the groups', and AWS chooses an execution's id",
        )
    ]


def reconcile_smoke_tests() -> list[Grant]:
    """Ask what has just taken over one request."""
    ours = _sagemaker("endpoint")
    asking = ["sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointAsync"]
    return [allow("SmokeTests", asking, ours, _OURS_BY_RESOURCE, why=_OURS_ONLY)]


def reconcile_alarms() -> list[Grant]:
    """Guardrails and the abort metric."""
    return [
        allow(
            "Guardrails",
            ["cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"],
            [here("cloudwatch", f"alarm:{ALARM_PREFIX}*")],
            why="guardrails are made for each rollout; the prefix bounds them",
        ),
        describe_alarms("ReadAlarms", why="further alarms that a spec names may have any name"),
        allow(
            "AbortMetric",
            ["cloudwatch:PutMetricData"],
            ["*"],
            {"StringEquals": {"cloudwatch:namespace": METRIC_NAMESPACE}},
            why="PutMetricData has no resource; the namespace bounds it",
        ),
    ]


def reconcile_scaling() -> list[Grant]:
    """Autoscaling of endpoint variants [DG, "Auto scaling prerequisites"].

    Application Auto Scaling makes a target-tracking policy's alarms for the caller, and, once in an account, the
    service-linked role by which it scales. It asks of the caller what that role will do: look at the endpoint and its
    config (allowed above), and change its capacity.
    """
    return [
        allow(
            "Capacity",
            ["sagemaker:UpdateEndpointWeightsAndCapacities"],
            _sagemaker("endpoint"),
            _OURS_BY_RESOURCE,
            why=_OURS_ONLY,
        ),
        allow(
            "Scaling",
            [
                "application-autoscaling:DeregisterScalableTarget",
                "application-autoscaling:PutScalingPolicy",
                "application-autoscaling:RegisterScalableTarget",
            ],
            [here("application-autoscaling", "scalable-target/*")],
            {"StringEquals": {"application-autoscaling:service-namespace": "sagemaker"}},
            why="AWS chooses a scalable target's id",
        ),
        allow(
            "ScalingAlarms",
            ["cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm"],
            [here("cloudwatch", "alarm:TargetTracking-endpoint/*")],
            why="AWS chooses these alarms' names; the prefix bounds them",
        ),
        allow(
            "ScalingServiceRole",
            ["iam:CreateServiceLinkedRole"],
            [_role(_SCALING_ROLE)],
            {"StringEquals": {"iam:AWSServiceName": "sagemaker.application-autoscaling.amazonaws.com"}},
        ),
    ]


def reconcile_queues(queue_arn: str, dead_letter_arn: str, retrain_arn: str) -> list[Grant]:
    """Work off the queue, bury what cannot be read, and ask for runs of pipelines."""
    return [
        _work_off(queue_arn),
        allow("Bury", ["sqs:SendMessage"], [dead_letter_arn]),
        allow("AskToRetrain", ["sqs:SendMessage"], [retrain_arn]),
    ]


def _work_off(queue_arn: str) -> Grant:
    return allow(
        "Queue",
        [
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:GetQueueUrl",
            "sqs:ReceiveMessage",
        ],
        [queue_arn],
    )


def retrain(state_arn: str, key_arn: str, queue_arn: str, reconcile_arn: str) -> list[Grant]:
    """Work off its queue, read the record that asked for a run, start the pipeline, and tell reconcile."""
    return [
        _work_off(queue_arn),
        allow("State", ["dynamodb:GetItem"], [state_arn]),
        allow("TableKey", ["kms:Decrypt", "kms:DescribeKey"], [key_arn], _via("dynamodb")),
        allow(
            "StartPipelines",
            ["sagemaker:StartPipelineExecution"],
            _sagemaker("pipeline"),
            why="a group's spec names its pipeline; groups come and go without a deploy of this stack",
        ),
        allow("Tell", ["sqs:SendMessage"], [reconcile_arn]),
    ]


def reconcile_trail() -> list[Grant]:
    """Ask CloudTrail who decided, when its events did not come."""
    return [
        allow(
            "Witnesses", ["cloudtrail:LookupEvents"], ["*"], why="LookupEvents has no resource; it only reads"
        )
    ]


def reconcile_readers() -> list[Grant]:
    """Read a group's reports and payloads, as its reader role lets."""
    return [allow("ReadAsGroup", ["sts:AssumeRole"], [_role(f"role{ROLE_PATH}*-reader")], why=_ANY_GROUP)]


def read_spec() -> list[Grant]:
    """reconcile: one group's spec, what people ask of it and who did, and the account's freeze windows."""
    names = (f"{PARAMETER_PREFIX}*", f"{ACT_PREFIX}*", FREEZE_PARAMETER)
    resources = [here("ssm", f"parameter{name}") for name in names]
    return [
        allow("Spec", ["ssm:GetParameters"], resources, why=_ANY_GROUP),
        allow(
            "Actors",
            ["ssm:DescribeParameters"],
            ["*"],
            why="DescribeParameters has no resource; it reads no values",
        ),
    ]


def list_specs() -> list[Grant]:
    """sweep, and who reads everything: all groups' specs; GetParametersByPath is checked against the path itself."""
    prefix = PARAMETER_PREFIX.strip("/")
    resources = [here("ssm", f"parameter/{prefix}"), here("ssm", f"parameter/{prefix}/*")]
    return [allow("Specs", ["ssm:GetParametersByPath"], resources, why=_ANY_GROUP)]


def announce_ledger(ledger_arn: str, stream_arn: str, key_arn: str) -> list[Grant]:
    """Read the ledger, its stream, and nothing else; both are encrypted by the ledger's key."""
    return [
        allow(
            "Stream",
            ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
            [stream_arn],
        ),
        allow(
            "FindStream",
            ["dynamodb:ListStreams"],
            ["*"],
            why="ListStreams has no resource; it only tells streams' names",
        ),
        allow("Ledger", ["dynamodb:Query"], [ledger_arn]),
        deny("LedgerNeverWrite", ["dynamodb:PutItem", *CHANGES], [ledger_arn]),
        # Whether a stream is read via DynamoDB, as KMS sees it, is not documented.
        allow("LedgerKey", ["kms:Decrypt", "kms:DescribeKey"], [key_arn]),
    ]


def announce_outlets(bus_arn: str, topic_arns: list[str], topic_key_arn: str, queue_arn: str) -> list[Grant]:
    """Put events on the bus, publish to the topics, and set aside what neither takes."""
    return [
        allow("Events", ["events:PutEvents"], [bus_arn]),
        allow("Publish", ["sns:Publish"], topic_arns),
        allow("TopicKey", ["kms:Decrypt", "kms:GenerateDataKey"], [topic_key_arn], _via("sns")),
        allow("SetAside", ["sqs:SendMessage"], [queue_arn]),
    ]


def sweep_search(queue_arn: str) -> list[Grant]:
    """Find what changed, and ask for looks."""
    return [
        allow("Search", ["sagemaker:Search"], ["*"], why="Search has no resource; it only reads"),
        allow("Enqueue", ["sqs:SendMessage"], [queue_arn]),
    ]


def dashboard_reads(state_arn: str, ledger_arn: str, state_key_arn: str, ledger_key_arn: str) -> list[Grant]:
    """Read what the page shows, and nothing that only an endpoint or a report tells."""
    return [
        allow("State", ["dynamodb:GetItem", "dynamodb:Scan"], [state_arn]),
        allow("Ledger", ["dynamodb:Query"], [ledger_arn]),
        deny("LedgerNeverWrite", ["dynamodb:PutItem", *CHANGES], [ledger_arn]),
        allow(
            "TableKeys", ["kms:Decrypt", "kms:DescribeKey"], [state_key_arn, ledger_key_arn], _via("dynamodb")
        ),
        allow("ReadEndpoints", ["sagemaker:DescribeEndpoint"], _sagemaker("endpoint"), why=_ANY_GROUP),
        allow("ListRegistry", ["sagemaker:ListModelPackages"], ["*"], why=LISTS),
    ]
