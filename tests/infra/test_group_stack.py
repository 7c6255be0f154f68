"""One group's stack: small, its own, and nothing lost when it goes."""

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
import yaml

from infra.config.load import check, load_groups
from infra.constructs.group_grants import read_below
from infra.constructs.reader_role import reads_objects
from infra.stacks.group import GroupStack
from lambdas.core.spec import GroupSpec, Mode, Monitor, spec_from_json
from tests.infra.conftest import ANALYZER, EVERYTHING, LONELY, Assembly
from tests.infra.policies import text
from tests.infra.templates import listed

STACK = "Greenlight-Group-everything"
MONITORED = {
    "endpoint": {
        "instance_type": "ml.m5.large",
        "data_capture": {"percentage": 100, "destination": "s3://captured/lonely"},
    },
    "monitoring": {
        "output": "s3://reports/lonely",
        "data_quality": {
            "image": ANALYZER,
            "schedule": "cron(0 * ? * * *)",
            "instance_type": "ml.m5.large",
        },
    },
}


def spec(assembly: Assembly, stack: str) -> GroupSpec:
    """The spec that the controller will read."""
    (parameter,) = assembly.properties(stack, "AWS::SSM::Parameter")
    return spec_from_json(_with_role(parameter["Value"]))


def _with_role(value: Any) -> str:
    """The parameter's text, the role's reference standing for its ARN."""
    return text(value)


def test_a_group_is_at_most_25_resources(assembly: Assembly) -> None:
    for stack in assembly.stacks():
        if stack.startswith("Greenlight-Group-"):
            assert len(assembly.resources(stack)) <= 25


def test_the_package_group_and_the_endpoints_role_outlive_the_stack(assembly: Assembly) -> None:
    kept = [r for r in assembly.resources(STACK) if "DeletionPolicy" in r]
    assert {r["Type"] for r in kept} == {"AWS::SageMaker::ModelPackageGroup", "AWS::IAM::Role"}
    assert {r["DeletionPolicy"] for r in kept} == {"RetainExceptOnCreate"}
    (role,) = (r["Properties"] for r in kept if r["Type"] == "AWS::IAM::Role")
    assert role["RoleName"] == "everything-endpoint"


def test_no_group_refers_to_another_stack(assembly: Assembly) -> None:
    for stack in assembly.stacks():
        if stack.startswith("Greenlight-Group-"):
            assert "Fn::ImportValue" not in assembly.text(stack)


def test_the_spec_is_what_the_yaml_says(assembly: Assembly) -> None:
    read = spec(assembly, STACK)
    assert read.name == "everything"
    assert read.endpoint.name == "everything-live"
    assert read.endpoint.vpc is not None
    assert read.endpoint.vpc.subnets == ("subnet-0a1b2c3d",)
    assert read.rollout.step_percent == 50
    assert read.endpoint.volume_size_gb == 200
    assert read.guardrails.alarms == ("somebody-elses",)
    assert read.freeze[0].end - read.freeze[0].start == 3 * 86_400
    assert read.tags["greenlight:business-problem"] == "b"


def test_the_spec_says_what_an_approval_must_be(assembly: Assembly) -> None:
    read = spec(assembly, STACK)
    assert (read.approval.mode, read.approval.four_eyes) == (Mode.AUDIT, False)
    assert read.allowed.artifact_buckets == ("models", "more-models")
    default = spec(assembly, "Greenlight-Group-lonely")
    assert (default.approval.mode, default.approval.four_eyes) == (Mode.ENFORCE, True)


def trust(assembly: Assembly, stack: str, role: str) -> list[dict[str, Any]]:
    roles = assembly.properties(stack, "AWS::IAM::Role")
    (found,) = (r for r in roles if r["RoleName"] == role)
    return list(found["AssumeRolePolicyDocument"]["Statement"])


def conditions(assembly: Assembly, stack: str, role: str) -> dict[str, dict[str, Any]]:
    """What each of STS's permissions takes."""
    return {
        action: statement.get("Condition", {})
        for statement in trust(assembly, stack, role)
        for action in listed(statement["Action"])
    }


def test_stepping_in_takes_what_the_yaml_asks_for(assembly: Assembly) -> None:
    own_name, tags = {"sts:SourceIdentity": "${aws:username}"}, {"aws:RequestTag/team": "everything"}
    second_factor = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    assert conditions(assembly, STACK, "everything-approver") == {
        "sts:AssumeRole": {"StringEquals": tags | own_name, **second_factor},
        "sts:TagSession": {"StringEquals": tags},
        "sts:SetSourceIdentity": {"StringEquals": own_name},
    }


def test_registrants_need_no_second_factor_because_pipelines_have_none(assembly: Assembly) -> None:
    assert all("Bool" not in each for each in conditions(assembly, STACK, "everything-registrant").values())


def test_a_group_that_asks_for_nothing_lets_its_principals_in_as_they_come(assembly: Assembly) -> None:
    assert conditions(assembly, "Greenlight-Group-wine-cultivar", "wine-cultivar-approver") == {
        "sts:AssumeRole": {},
        "sts:TagSession": {},
        "sts:SetSourceIdentity": {"Null": {"aws:SourceIdentity": "false"}},
    }


def test_a_groups_own_policy_lets_nobody_else_decide_if_asked_for(assembly: Assembly) -> None:
    (group,) = assembly.properties(STACK, "AWS::SageMaker::ModelPackageGroup")
    decide, register = group["ModelPackageGroupPolicy"]["Statement"]
    for statement in (decide, register):
        assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    role = text(decide["Condition"]["ArnNotEquals"]["aws:PrincipalArn"])
    assert role == "arn:aws:iam::123456789012:role/greenlight/everything-approver"
    (other,) = assembly.properties("Greenlight-Group-lonely", "AWS::SageMaker::ModelPackageGroup")
    assert "ModelPackageGroupPolicy" not in other


def test_an_endpoint_is_named_as_its_group_unless_told_otherwise(assembly: Assembly) -> None:
    assert spec(assembly, "Greenlight-Group-lonely").endpoint.name == "lonely"


def test_the_spec_names_the_role_of_its_own_stack(assembly: Assembly) -> None:
    role = spec(assembly, STACK).execution_role
    assert "EndpointRole" in role
    assert role.endswith(".Arn>")


def test_the_parameter_has_the_name_that_others_rely_on(assembly: Assembly) -> None:
    (parameter,) = assembly.properties(STACK, "AWS::SSM::Parameter")
    assert parameter["Name"] == "/greenlight/groups/everything"
    assert parameter["Type"] == "String"


def test_roles_have_the_names_and_path_that_others_rely_on(assembly: Assembly) -> None:
    roles = assembly.properties(STACK, "AWS::IAM::Role")
    assert {(role["Path"], role["RoleName"]) for role in roles} == {
        ("/greenlight/", f"everything-{kind}")
        for kind in ("approver", "registrant", "endpoint", "monitoring", "reader")
    }


@pytest.mark.parametrize(
    ("changes", "reads"),
    [
        ({}, True),  # samples that versions are registered with
        ({"smoke_test": {"payload": "1,2"}}, False),
        ({"smoke_test": {"enabled": False}}, False),
        ({"smoke_test": {"enabled": False}, **MONITORED}, True),
        ({"smoke_test": {"enabled": False}, "gates": {"metrics": [{"name": "x", "at_least": 1}]}}, True),
    ],
)
def test_a_group_has_a_reader_role_only_if_something_of_its_own_is_read(
    changes: dict[str, object], reads: bool
) -> None:
    config, _ = check(yaml.safe_load(LONELY) | changes, "x.yaml")
    assert config is not None
    assert reads_objects(config) is reads


def alarms(assembly: Assembly, stack: str) -> dict[str, dict[str, Any]]:
    """By name."""
    return {str(alarm["AlarmName"]): alarm for alarm in assembly.properties(stack, "AWS::CloudWatch::Alarm")}


def test_the_drift_alarm_looks_at_the_furthest_feature_of_the_last_run(assembly: Assembly) -> None:
    alarm = alarms(assembly, STACK)["greenlight/everything/drift"]
    measured = {part["Id"]: part for part in alarm["Metrics"]}
    (largest,) = (part for part in measured.values() if "Expression" in part)
    assert largest["Expression"] == "MAX([feature0, feature1])"
    assert largest.get("ReturnData", True)
    for number, feature in enumerate(("income", "age")):
        part = measured[f"feature{number}"]
        assert part["ReturnData"] is False
        stat = part["MetricStat"]
        assert (stat["Stat"], stat["Period"]) == ("Maximum", 3600)
        assert stat["Metric"] == {
            "Namespace": "aws/sagemaker/Endpoints/data-metrics",
            "MetricName": f"feature_baseline_drift_{feature}",
            "Dimensions": [
                {"Name": "Endpoint", "Value": "everything-live"},
                {"Name": "MonitoringSchedule", "Value": "everything-mon-data"},
            ],
        }
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0.2, "GreaterThanThreshold")
    assert alarm["TreatMissingData"] == "ignore", "between two runs nothing is measured"
    assert "AlarmActions" not in alarm


def test_a_group_without_monitoring_has_neither_its_role_nor_its_alarm(assembly: Assembly) -> None:
    assert list(alarms(assembly, "Greenlight-Group-lonely")) == ["greenlight/lonely/abort"]
    assert spec(assembly, "Greenlight-Group-lonely").monitoring is None
    assert spec(assembly, "Greenlight-Group-lonely").retraining is None


def test_the_spec_says_what_watches_and_what_follows(assembly: Assembly) -> None:
    read = spec(assembly, STACK)
    assert read.monitoring is not None
    assert "MonitoringRole" in read.monitoring.role
    assert set(read.monitoring.schedules) == set(Monitor)
    assert read.retraining is not None
    assert read.retraining.alarms == ("greenlight/everything/drift", "somebody-elses-drift")
    assert read.retraining.roll_back is True


def test_a_pipeline_that_nothing_starts_is_told_at_synthesis(tmp_path: Path) -> None:
    data = yaml.safe_load(LONELY)
    for name, more in (("people", {}), ("rejection", {"on_rejection": True})):
        config, problems = check(data | {"retraining": {"pipeline": "p", **more}}, "x.yaml")
        assert (config is None, problems) == (False, [])
        assert config is not None
        stack = GroupStack(cdk.App(outdir=str(tmp_path / name)), "Any", config=config)
        said = [str(entry.data) for entry in stack.node.metadata if entry.type == "aws:cdk:warning"]
        assert any("only a person starts pipeline p" in one for one in said) is (name == "people")


def test_a_monitored_group_is_told_that_aws_takes_no_new_customers_for_model_monitor(tmp_path: Path) -> None:
    for name, written in (("monitored", EVERYTHING), ("not", LONELY)):
        (folder := tmp_path / name).mkdir()
        (folder / "x.yaml").write_text(written)
        (config,) = load_groups(folder)
        stack = GroupStack(cdk.App(outdir=str(tmp_path / f"{name}.out")), "Any", config=config)
        said = [str(entry.data) for entry in stack.node.metadata if entry.type == "aws:cdk:warning"]
        assert any("no new customers for SageMaker Model Monitor" in one for one in said) is (
            name == "monitored"
        )


def test_the_abort_alarm_trips_within_seconds_and_holds_its_state(assembly: Assembly) -> None:
    alarm = alarms(assembly, STACK)["greenlight/everything/abort"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("Greenlight", "Abort")
    assert alarm["Dimensions"] == [{"Name": "Group", "Value": "everything"}]
    assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (10, 1, 1)
    assert (alarm["Statistic"], alarm["Threshold"]) == ("Maximum", 1)
    assert alarm["TreatMissingData"] == "ignore"


@pytest.mark.parametrize(
    "kind",
    ["AWS::SageMaker::ModelPackageGroup", "AWS::IAM::Role", "AWS::SSM::Parameter", "AWS::CloudWatch::Alarm"],
)
def test_everything_carries_the_groups_tags(assembly: Assembly, kind: str) -> None:
    for properties in assembly.properties(STACK, kind):
        tags = properties["Tags"]
        pairs = tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}
        assert pairs["greenlight:group"] == "everything"
        assert pairs["greenlight:project"] == "p"
        assert pairs["cost-center"] == "1"


def test_a_group_that_names_nobody_has_no_roles_for_people_and_says_so(assembly: Assembly) -> None:
    roles = assembly.properties("Greenlight-Group-lonely", "AWS::IAM::Role")
    assert [role["RoleName"] for role in roles] == ["lonely-endpoint", "lonely-reader"]
    said = json.dumps(json.loads((assembly.folder / "Greenlight-Group-lonely.metadata.json").read_text()))
    assert "names no approvers" in said
    assert "names no registrants" in said


def test_adding_groups_leaves_every_other_template_byte_for_byte(
    assembly: Assembly, examples_only: Assembly
) -> None:
    assert set(examples_only.stacks()) < set(assembly.stacks())
    for stack in examples_only.stacks():
        assert assembly.text(stack) == examples_only.text(stack)


def test_an_app_without_groups_is_three_stacks_and_the_same_ones(
    assembly: Assembly, no_groups: Assembly
) -> None:
    assert no_groups.stacks() == [
        "Greenlight-Controller",
        "Greenlight-Governance",
        "Greenlight-Observability",
        "Greenlight-State",
    ]
    for stack in no_groups.stacks():
        assert no_groups.text(stack) == assembly.text(stack)


@pytest.mark.parametrize(
    ("place", "objects", "listed"),
    [
        ("s3://models/risk", "models/risk/*", ["risk", "risk/*"]),
        ("s3://models/team=risk/pd/", "models/team=risk/pd/*", ["team=risk/pd", "team=risk/pd/*"]),
        ("s3://models", "models/*", ["*"]),
        ("s3://models/", "models/*", ["*"]),
    ],
)
def test_what_lies_below_the_artifacts_may_be_read_and_listed_and_nothing_else(
    place: str, objects: str, listed: list[str]
) -> None:
    read, seen = read_below([place], "Read", "List", why="a test")
    assert [resource.rpartition(":::")[2] for resource in read.statement.resources] == [objects]
    assert seen.statement.to_statement_json()["Condition"] == {"StringLike": {"s3:prefix": listed}}
