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
IS_OURS = {"aws:ResourceTag/greenlight:group": "everything"}


def _function_policy(assembly: Assembly, name: str) -> list[dict[str, Any]]:
    stack = "Greenlight-Observability" if name == "dashboard" else "Greenlight-Controller"
    policies = assembly.resources(stack, "AWS::IAM::Policy")
    (policy,) = (p for p in policies if p["Properties"]["PolicyName"].lower().startswith(name))
    return list(policy["Properties"]["PolicyDocument"]["Statement"])


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


def test_reconcile_reads_the_registry_and_can_decide_nothing_in_it(reconcile: May) -> None:
    assert reconcile("sagemaker:DescribeModelPackage", VERSION)
    assert reconcile("sagemaker:ListModelPackages", GROUP)
    for action in ("UpdateModelPackage", "CreateModelPackage", "DeleteModelPackage", "AddTags"):
        assert not reconcile(f"sagemaker:{action}", VERSION, tags=MADE_OURS, status={STATUS: "Approved"})
    assert not reconcile("sagemaker:PutModelPackageGroupPolicy", GROUP)


def test_reconcile_passes_only_endpoint_roles_and_only_to_sagemaker(reconcile: May) -> None:
    role, to = "arn:aws:iam::123456789012:role/greenlight/everything-endpoint", "iam:PassedToService"
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
    for name in ("announce", "dashboard", "reconcile", "sweep"):
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
    assert approver("ssm:PutParameter", f"{acts}/everything/pause")
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


def test_a_plain_endpoint_gets_neither_keys_nor_networks(assembly: Assembly) -> None:
    roles = assembly.properties("Greenlight-Group-lonely", "AWS::IAM::Role")
    actions = [
        a
        for r in roles
        if r["RoleName"] == "lonely-endpoint"
        for p in r["Policies"]
        for s in p["PolicyDocument"]["Statement"]
        for a in _list(s["Action"])
    ]
    assert not [a for a in actions if a.startswith(("kms:", "ec2:"))]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
