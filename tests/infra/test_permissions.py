"""What each role may and may not do, by IAM's own rules."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.infra.conftest import Assembly
from tests.infra.policies import allowed, text
from tests.infra.templates import Templates

May = Callable[..., bool]

ACCOUNT = "us-east-1:123456789012"
VERSION = f"arn:aws:sagemaker:{ACCOUNT}:model-package/everything/7"
GROUP = f"arn:aws:sagemaker:{ACCOUNT}:model-package-group/everything"
ENDPOINT = f"arn:aws:sagemaker:{ACCOUNT}:endpoint/everything-live"
CONFIG = f"arn:aws:sagemaker:{ACCOUNT}:endpoint-config/everything-v7-0123456789"
MODEL = f"arn:aws:sagemaker:{ACCOUNT}:model/everything-v7-0123456789"
STATUS = "sagemaker:ModelApprovalStatus"
MADE_OURS = {"aws:RequestTag/greenlight:group": "everything"}
PIPELINE = f"arn:aws:sagemaker:{ACCOUNT}:pipeline/everything-retrain"
IS_OURS = {"aws:ResourceTag/greenlight:group": "everything"}


def _function_policy(assembly: Assembly, name: str) -> list[dict[str, Any]]:
    """All statements of a function's role: the CDK moves to managed policies what one inline policy cannot hold."""
    stack = "Greenlight-Observability" if name == "dashboard" else "Greenlight-Controller"
    policies = [
        policy
        for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
        for policy in assembly.properties(stack, kind)
        if any(text(role).lower().startswith(f"<{name}role") for role in policy["Roles"])
    ]
    assert policies
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


def _inline(assembly: Assembly, role: str) -> list[dict[str, Any]]:
    roles = assembly.properties("Greenlight-Group-everything", "AWS::IAM::Role")
    (properties,) = (r for r in roles if r["RoleName"] == role)
    return [s for policy in properties["Policies"] for s in policy["PolicyDocument"]["Statement"]]


def _may(statements: list[dict[str, Any]]) -> May:
    return lambda action, resource, **context: allowed(
        statements, action, resource, {key: value for part in context.values() for key, value in part.items()}
    )


@pytest.fixture
def reconcile(assembly: Assembly) -> May:
    """Whether reconcile may."""
    return _may(_function_policy(assembly, "reconcile"))


@pytest.fixture
def retrain(assembly: Assembly) -> May:
    """Whether retrain may."""
    return _may(_function_policy(assembly, "retrain"))


@pytest.fixture
def monitoring(assembly: Assembly) -> May:
    """Whether a group's monitoring jobs may."""
    return _may(_inline(assembly, "everything-monitoring"))


@pytest.fixture
def registrant(assembly: Assembly) -> May:
    """Whether a registrant may."""
    return _may(_inline(assembly, "everything-registrant"))


@pytest.fixture
def approver(assembly: Assembly) -> May:
    """Whether an approver may."""
    return _may(_inline(assembly, "everything-approver"))


@pytest.fixture
def endpoint(assembly: Assembly) -> May:
    """Whether the endpoint may."""
    return _may(_inline(assembly, "everything-endpoint"))


@pytest.mark.parametrize(
    ("action", "resource"),
    [("CreateModel", MODEL), ("CreateEndpointConfig", CONFIG), ("CreateEndpoint", ENDPOINT)],
)
def test_reconcile_makes_only_what_carries_our_tag(reconcile: May, action: str, resource: str) -> None:
    assert reconcile(f"sagemaker:{action}", resource, tags=MADE_OURS)
    assert not reconcile(f"sagemaker:{action}", resource)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("UpdateEndpoint", ENDPOINT),
        ("UpdateEndpoint", CONFIG),
        ("CreateEndpoint", CONFIG),
        ("DeleteEndpoint", ENDPOINT),
        ("DeleteEndpointConfig", CONFIG),
        ("DeleteModel", MODEL),
        ("UpdateEndpointWeightsAndCapacities", ENDPOINT),
    ],
)
def test_reconcile_changes_only_what_carries_our_tag(reconcile: May, action: str, resource: str) -> None:
    assert reconcile(f"sagemaker:{action}", resource, tags=IS_OURS)
    assert not reconcile(f"sagemaker:{action}", resource)
    assert not reconcile(f"sagemaker:{action}", resource, tags={"aws:ResourceTag/team": "other"})


@pytest.mark.parametrize(
    ("action", "resource"),
    [("CreateModel", MODEL), ("CreateEndpointConfig", CONFIG), ("CreateEndpoint", ENDPOINT)],
)
def test_reconcile_tags_only_what_it_is_making(reconcile: May, action: str, resource: str) -> None:
    making = {"sagemaker:TaggingAction": action}
    assert reconcile("sagemaker:AddTags", resource, tags=MADE_OURS, making=making)
    assert not reconcile("sagemaker:AddTags", resource, tags=MADE_OURS)
    assert not reconcile("sagemaker:AddTags", resource, tags={"aws:RequestTag/team": "other"}, making=making)


@pytest.mark.parametrize("kind", ["Data Quality", "Model Quality", "Model Bias", "Model Explainability"])
def test_reconcile_makes_and_deletes_only_job_definitions_that_carry_our_tag(
    reconcile: May, kind: str
) -> None:
    name, resource = kind.replace(" ", ""), kind.lower().replace(" ", "-")
    arn = f"arn:aws:sagemaker:{ACCOUNT}:{resource}-job-definition/everything-v7-0123456789"
    create = f"Create{name}JobDefinition"
    assert reconcile(f"sagemaker:Describe{name}JobDefinition", arn)
    assert reconcile(f"sagemaker:{create}", arn, tags=MADE_OURS)
    assert not reconcile(f"sagemaker:{create}", arn)
    assert reconcile("sagemaker:AddTags", arn, tags=MADE_OURS, making={"sagemaker:TaggingAction": create})
    assert not reconcile("sagemaker:AddTags", arn, tags=MADE_OURS)
    assert reconcile(f"sagemaker:Delete{name}JobDefinition", arn, tags=IS_OURS)
    assert not reconcile(f"sagemaker:Delete{name}JobDefinition", arn)


def test_reconcile_makes_and_moves_only_monitoring_schedules_that_carry_our_tag(reconcile: May) -> None:
    arn = f"arn:aws:sagemaker:{ACCOUNT}:monitoring-schedule/everything-mon-data"
    making = {"sagemaker:TaggingAction": "CreateMonitoringSchedule"}
    assert reconcile("sagemaker:CreateMonitoringSchedule", arn, tags=MADE_OURS)
    assert not reconcile("sagemaker:CreateMonitoringSchedule", arn)
    assert reconcile("sagemaker:AddTags", arn, tags=MADE_OURS, making=making)
    assert not reconcile("sagemaker:DeleteTags", arn, tags=IS_OURS)
    for action in ("UpdateMonitoringSchedule", "DeleteMonitoringSchedule"):
        assert reconcile(f"sagemaker:{action}", arn, tags=IS_OURS)
        assert not reconcile(f"sagemaker:{action}", arn)
    for action in ("DescribeMonitoringSchedule", "ListTags"):
        assert reconcile(f"sagemaker:{action}", arn)
    assert reconcile("sagemaker:ListMonitoringExecutions", "*")


def test_reconcile_sees_runs_of_pipelines_and_starts_none(reconcile: May) -> None:
    execution = f"{PIPELINE}/execution/0123456789ab"
    for action in ("DescribePipelineExecution", "ListPipelineExecutionSteps"):
        assert reconcile(f"sagemaker:{action}", execution)
    assert not reconcile("sagemaker:StartPipelineExecution", PIPELINE)
    assert not reconcile("sagemaker:StopPipelineExecution", execution)


def test_reconcile_asks_retrain_and_retrain_tells_reconcile(assembly: Assembly) -> None:
    said = {name: _sends(assembly, name) for name in ("reconcile", "retrain")}
    assert any("Retrain" in arn and "Dead" not in arn for arn in said["reconcile"])
    assert [arn for arn in said["retrain"] if "QueuesReconcile" not in arn] == []
    assert len(said["retrain"]) == 1


def test_retrain_reads_the_record_and_writes_nothing(assembly: Assembly, retrain: May) -> None:
    assert retrain("sagemaker:StartPipelineExecution", PIPELINE)
    for action in ("CreatePipeline", "UpdatePipeline", "DeletePipeline", "StopPipelineExecution"):
        assert not retrain(f"sagemaker:{action}", PIPELINE)
    for action in ("UpdateEndpoint", "UpdateModelPackage", "CreateModelPackage"):
        assert not retrain(f"sagemaker:{action}", ENDPOINT, tags={**MADE_OURS, **IS_OURS})
    granted = {a for s in _function_policy(assembly, "retrain") for a in _list(s["Action"])}
    assert {a for a in granted if a.startswith("dynamodb:")} == {"dynamodb:GetItem"}
    assert {a for a in granted if a.startswith("kms:")} == {"kms:Decrypt", "kms:DescribeKey"}
    assert "iam:PassRole" not in granted


def _sends(assembly: Assembly, name: str) -> list[str]:
    """The queues that a function may send to."""
    return [
        text(resource)
        for statement in _function_policy(assembly, name)
        if "sqs:SendMessage" in _list(statement["Action"])
        for resource in _list(statement["Resource"])
    ]


def test_reconcile_reads_the_registry_and_can_decide_nothing_in_it(reconcile: May) -> None:
    assert reconcile("sagemaker:DescribeModelPackage", VERSION)
    assert reconcile("sagemaker:ListModelPackages", GROUP)
    for action in ("UpdateModelPackage", "CreateModelPackage", "DeleteModelPackage", "AddTags"):
        assert not reconcile(f"sagemaker:{action}", VERSION, tags=MADE_OURS, status={STATUS: "Approved"})
    assert not reconcile("sagemaker:PutModelPackageGroupPolicy", GROUP)


@pytest.mark.parametrize("kind", ["endpoint", "monitoring"])
def test_reconcile_passes_only_roles_of_endpoints_and_of_monitoring_and_only_to_sagemaker(
    reconcile: May, kind: str
) -> None:
    role, to = f"arn:aws:iam::123456789012:role/greenlight/everything-{kind}", "iam:PassedToService"
    assert reconcile("iam:PassRole", role, to={to: "sagemaker.amazonaws.com"})
    assert not reconcile("iam:PassRole", role, to={to: "ec2.amazonaws.com"})
    assert not reconcile("iam:PassRole", role)
    for other in ("greenlight/everything-approver", "admin", "admin-endpoint"):
        arn = f"arn:aws:iam::123456789012:role/{other}"
        assert not reconcile("iam:PassRole", arn, to={to: "sagemaker.amazonaws.com"})


def test_reconcile_makes_alarms_only_below_its_prefix_and_metrics_only_in_its_namespace(
    reconcile: May,
) -> None:
    alarm = f"arn:aws:cloudwatch:{ACCOUNT}:alarm:"
    assert reconcile("cloudwatch:PutMetricAlarm", f"{alarm}greenlight/everything/x/errors")
    assert not reconcile("cloudwatch:DeleteAlarms", f"{alarm}billing")
    assert reconcile("cloudwatch:PutMetricData", "*", namespace={"cloudwatch:namespace": "Greenlight"})
    assert not reconcile("cloudwatch:PutMetricData", "*", namespace={"cloudwatch:namespace": "Billing"})


def test_the_ledger_is_append_only_for_every_function(assembly: Assembly) -> None:
    reads = {"dynamodb:Query", "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"}
    for name in ("announce", "dashboard", "reconcile", "retrain", "sweep"):
        for statement in _function_policy(assembly, name):
            on_table = _list(statement["Action"])[0].startswith("dynamodb:")  # not its key
            on_ledger = on_table and any("Ledger" in text(r) for r in _list(statement["Resource"]))
            if statement["Effect"] == "Allow" and on_ledger and not set(_list(statement["Action"])) <= reads:
                assert (name, statement["Action"]) == ("reconcile", "dynamodb:PutItem")


def test_the_page_is_drawn_by_who_may_write_nothing(assembly: Assembly) -> None:
    allowed = {
        action
        for statement in _function_policy(assembly, "dashboard")
        if statement["Effect"] == "Allow"
        for action in _list(statement["Action"])
    }
    log = {"logs:CreateLogStream", "logs:PutLogEvents"}
    reads = ("Decrypt", "Describe", "Get", "List", "Query", "Scan")
    assert all(action.partition(":")[2].startswith(reads) for action in allowed - log), allowed


def test_sweep_writes_only_its_own_item(assembly: Assembly) -> None:
    statements = _function_policy(assembly, "sweep")
    (own,) = (s for s in statements if "dynamodb:PutItem" in _list(s["Action"]))
    assert own["Condition"] == {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["#sweep"]}}
    assert not any(
        "sagemaker:" in a for s in statements for a in _list(s["Action"]) if a != "sagemaker:Search"
    )


def test_no_policy_has_a_wildcard_in_an_action(assembly: Assembly) -> None:
    for stack in assembly.stacks():
        for kind in ("AWS::IAM::Policy", "AWS::IAM::Role"):
            for properties in assembly.properties(stack, kind):
                documents = [properties] if kind.endswith("Policy") else properties.get("Policies", [])
                actions = [
                    a for d in documents for s in d["PolicyDocument"]["Statement"] for a in _list(s["Action"])
                ]
                assert not [a for a in actions if "*" in a]


def test_registrant_registers_as_pending_and_in_no_other_way(registrant: May) -> None:
    for resource in (GROUP, VERSION):
        assert registrant("sagemaker:CreateModelPackage", resource, status={STATUS: "PendingManualApproval"})
        for status in ({STATUS: "Approved"}, {STATUS: "Rejected"}, {}):
            assert not registrant("sagemaker:CreateModelPackage", resource, status=status)


def test_registrant_annotates_and_never_writes_a_status(registrant: May) -> None:
    note = {"sagemaker:CustomerMetadataProperties/dataset": "2026-11"}
    assert registrant("sagemaker:UpdateModelPackage", VERSION, note=note)
    for status in ("Approved", "Rejected", "PendingManualApproval"):
        assert not registrant("sagemaker:UpdateModelPackage", VERSION, status={STATUS: status}, note=note)


def test_approver_approves_and_rejects_and_registers_nothing(approver: May) -> None:
    for status in ("Approved", "Rejected"):
        assert approver("sagemaker:UpdateModelPackage", VERSION, status={STATUS: status})
        assert not approver("sagemaker:CreateModelPackage", VERSION, status={STATUS: status})
    assert not approver("sagemaker:UpdateModelPackage", VERSION, status={STATUS: "PendingManualApproval"})
    assert not approver("sagemaker:UpdateModelPackage", VERSION)


def test_approver_pauses_its_own_group_only_and_registrant_none(registrant: May, approver: May) -> None:
    acts = "arn:aws:ssm:us-east-1:123456789012:parameter/greenlight/acts"
    for act in ("pause", "retry", "retrain"):
        assert approver("ssm:PutParameter", f"{acts}/everything/{act}")
        assert not registrant("ssm:PutParameter", f"{acts}/everything/{act}")
    assert not approver("ssm:PutParameter", f"{acts}/everything-else/pause")
    assert not approver("ssm:PutParameter", acts.replace("acts", "groups/everything"))
    assert not registrant("ssm:PutParameter", f"{acts}/everything/pause")


def test_both_read_their_group_and_nothing_of_another(registrant: May, approver: May) -> None:
    other = VERSION.replace("everything", "everything-else")
    for may in (registrant, approver):
        assert may("sagemaker:DescribeModelPackage", VERSION)
        assert not may("sagemaker:DescribeModelPackage", other)
    assert not approver("sagemaker:UpdateModelPackage", other, status={STATUS: "Approved"})
    assert not registrant("sagemaker:CreateModelPackage", other, status={STATUS: "PendingManualApproval"})


def test_nobody_of_a_group_writes_endpoints(registrant: May, approver: May) -> None:
    for may in (registrant, approver):
        for action in ("CreateEndpoint", "UpdateEndpoint", "DeleteEndpoint"):
            assert not may(f"sagemaker:{action}", ENDPOINT, tags={**MADE_OURS, **IS_OURS})


def test_only_the_named_principals_step_in(assembly: Assembly) -> None:
    roles = assembly.properties("Greenlight-Group-everything", "AWS::IAM::Role")
    trusted = {
        role["RoleName"]: role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] for role in roles
    }
    assert trusted == {
        "everything-approver": {"AWS": "arn:aws:iam::123456789012:user/people/jonas"},
        "everything-registrant": {"AWS": "arn:aws:iam::123456789012:user/robots/pipeline"},
        "everything-endpoint": {"Service": "sagemaker.amazonaws.com"},
        "everything-monitoring": {"Service": "sagemaker.amazonaws.com"},
        "everything-reader": trusted["everything-reader"],  # see below
    }


def test_only_reconcile_steps_into_a_groups_reader_role(assembly: Assembly) -> None:
    roles = {role.name: role for role in Templates(assembly).roles()}
    (statement,) = roles["everything-reader"].trust
    reconcile = "arn:aws:iam::123456789012:role/greenlight/greenlight-reconcile"
    assert statement["Condition"] == {"ArnEquals": {"aws:PrincipalArn": reconcile}}


def test_the_endpoint_reads_its_own_artifacts_and_no_others(endpoint: May) -> None:
    for bucket in ("models", "more-models"):
        assert endpoint("s3:GetObject", f"arn:aws:s3:::{bucket}/everything/v1/model.tar.gz")
    assert not endpoint("s3:GetObject", "arn:aws:s3:::models/everything-else/model.tar.gz")
    assert not endpoint("s3:PutObject", "arn:aws:s3:::models/everything/x")
    assert endpoint("s3:ListBucket", "arn:aws:s3:::models", prefix={"s3:prefix": "everything/v1"})
    assert not endpoint("s3:ListBucket", "arn:aws:s3:::models", prefix={"s3:prefix": ""})


def test_the_endpoint_gets_what_its_yaml_configures(endpoint: May) -> None:
    assert endpoint("s3:PutObject", "arn:aws:s3:::captured/everything/2026/x.jsonl")
    for part in ("subnet/subnet-0a1b2c3d", "security-group/sg-0a1b2c3d", "network-interface/*"):
        assert endpoint("ec2:CreateNetworkInterface", f"arn:aws:ec2:{ACCOUNT}:{part}")
    assert not endpoint("ec2:CreateNetworkInterface", f"arn:aws:ec2:{ACCOUNT}:subnet/subnet-99999999")
    assert endpoint(
        "cloudwatch:DescribeAlarms", f"arn:aws:cloudwatch:{ACCOUNT}:alarm:greenlight/everything/abort"
    )
    key = f"arn:aws:kms:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
    assert endpoint("kms:GenerateDataKey", key)
    assert not endpoint("kms:CreateGrant", key)
    assert endpoint("kms:CreateGrant", key, grant={"kms:GrantIsForAWSResource": "true"})


def test_a_monitoring_job_reads_what_was_captured_baselines_and_ground_truth_and_writes_reports_only(
    monitoring: May,
) -> None:
    for read in ("captured/everything/x", "models/everything/v1/constraints.json", "truth/everything/2026/x"):
        assert monitoring("s3:GetObject", f"arn:aws:s3:::{read}")
        assert not monitoring("s3:PutObject", f"arn:aws:s3:::{read}")
    assert monitoring("s3:PutObject", "arn:aws:s3:::reports/everything/everything-mon-data/x")
    assert not monitoring("s3:PutObject", "arn:aws:s3:::reports/everything-else/x")
    assert not monitoring("s3:GetObject", "arn:aws:s3:::models/everything-else/v1/model.tar.gz")
    assert not monitoring("s3:DeleteObject", "arn:aws:s3:::reports/everything/x")
    assert monitoring("s3:ListBucket", "arn:aws:s3:::captured", prefix={"s3:prefix": "everything/live"})
    assert not monitoring("s3:ListBucket", "arn:aws:s3:::captured", prefix={"s3:prefix": ""})


def test_a_monitoring_job_measures_in_the_namespaces_of_its_own_kind_only(monitoring: May) -> None:
    for kind in ("data", "model", "bias", "explainability"):
        for slash in ("", "/"):
            name = {"cloudwatch:namespace": f"{slash}aws/sagemaker/Endpoints/{kind}-metrics"}
            assert monitoring("cloudwatch:PutMetricData", "*", namespace=name)
    for other in ("Greenlight", "AWS/SageMaker", "/aws/sagemaker/Endpoints"):
        assert not monitoring("cloudwatch:PutMetricData", "*", namespace={"cloudwatch:namespace": other})


def test_a_monitoring_job_pulls_only_the_images_that_the_group_names(monitoring: May) -> None:
    ecr = "arn:aws:ecr:us-east-1"
    analyzer = f"{ecr}:156813124566:repository/sagemaker-model-monitor-analyzer"
    for named in (analyzer, f"{ecr}:205585389593:repository/sagemaker-clarify-processing"):
        assert monitoring("ecr:BatchGetImage", named)
    assert not monitoring("ecr:BatchGetImage", f"{ecr}:123456789012:repository/everything")


def test_a_monitoring_job_asks_only_an_endpoint_that_it_made_itself(monitoring: May) -> None:
    shadow = f"arn:aws:sagemaker:{ACCOUNT}:endpoint/sm-clarify-everything"
    for action in ("CreateEndpoint", "DeleteEndpoint", "InvokeEndpoint"):
        assert monitoring(f"sagemaker:{action}", shadow)
        assert not monitoring(f"sagemaker:{action}", shadow, tags=IS_OURS)
        assert not monitoring(f"sagemaker:{action}", ENDPOINT)
    assert monitoring("sagemaker:DescribeEndpoint", ENDPOINT)
    assert monitoring("sagemaker:DescribeEndpointConfig", CONFIG)


def test_a_plain_endpoint_gets_no_networks_and_no_keys_but_those_of_objects(assembly: Assembly) -> None:
    roles = assembly.properties("Greenlight-Group-lonely", "AWS::IAM::Role")
    actions = [
        a
        for r in roles
        if r["RoleName"] == "lonely-endpoint"
        for p in r["Policies"]
        for s in p["PolicyDocument"]["Statement"]
        for a in _list(s["Action"])
        if s["Sid"] != "Keys"  # by way of S3, see test_keys.py
    ]
    assert not [a for a in actions if a.startswith(("kms:", "ec2:"))]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
