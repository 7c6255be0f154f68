"""What is wrong with groups is told before synthesis: all of it, each with file, key, value and what is allowed."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.config.convert import to_spec
from infra.config.load import check, load_groups
from infra.config.monitoring_rules import nothing_starts
from infra.config.problems import ConfigError
from infra.config.rules import waiting_seconds
from infra.config.schema import PATH, schema
from lambdas.core.spec import GroupSpec, Monitor, MonitorSpec, spec_from_json, spec_to_json
from tests.infra.conftest import EVERYTHING, EXAMPLES, LONELY, PATIENT, ROOT, SLEEPY

PRINCIPAL = "arn:aws:iam::123456789012:role/model-risk"


def group(**changes: Any) -> dict[str, Any]:
    """The least that a group needs, with changes; a dotted path's dots are double underscores."""
    data: dict[str, Any] = yaml.safe_load(LONELY)
    for path, value in changes.items():
        *sections, key = path.split("__")
        target = data
        for section in sections:
            target = target.setdefault(section, {})
        target[key] = value
    return data


GATE = "gates.metrics.0"
IMAGE = "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"
CAPTURE = {"percentage": 100, "destination": "s3://captured/lonely"}
HOURLY = "cron(0 * ? * * *)"


def monitor(**changes: object) -> dict[str, object]:
    """A right monitoring schedule, with changes."""
    return {"image": IMAGE, "schedule": HOURLY, "instance_type": "ml.m5.large", **changes}


def watched(**monitors: dict[str, object]) -> dict[str, object]:
    """A group that captures its requests, and these monitors of it."""
    return {
        "endpoint__data_capture": CAPTURE,
        "monitoring": {"output": "s3://reports/lonely", **monitors},
    }


def quality(**changes: object) -> dict[str, object]:
    """A right monitoring schedule of model quality, with changes."""
    truth = {"problem_type": "Regression", "ground_truth": "s3://truth/lonely", "inference": "0"}
    return monitor(**{**truth, **changes})


def gates(*metrics: dict[str, object]) -> dict[str, object]:
    """Gates on these metrics."""
    return {"gates": {"metrics": list(metrics)}}


def recurring(**changes: object) -> dict[str, object]:
    """A right recurring freeze window, with changes."""
    return {"cron": "0 17 * * 5", "minutes": 60, "timezone": "Europe/Berlin", "reason": "weekend", **changes}


def freeze(**changes: str) -> dict[str, str]:
    """A right freeze window, with changes."""
    return {"start": "2026-12-24T00:00:00Z", "end": "2026-12-27T00:00:00Z", "reason": "x", **changes}


def told(**changes: Any) -> dict[str, str]:
    """What is said about a group: key to what is allowed."""
    _, problems = check(group(**changes), "groups/x.yaml")
    return {problem.key: problem.allowed for problem in problems}


def write(folder: Path, **files: str) -> Path:
    """Files of a groups' folder."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


def test_the_least_group_is_right() -> None:
    assert told() == {}


def test_the_examples_are_right_and_tell_editors_their_schema() -> None:
    assert [one.name for one in load_groups(EXAMPLES)] == ["tumor-screening", "wine-cultivar"]
    for path in EXAMPLES.glob("*.yaml"):
        assert path.read_text().startswith("# yaml-language-server: $schema=schema.json\n")


def test_the_schema_is_up_to_date() -> None:
    assert PATH.read_text() == schema(), "run make schema"


def test_a_group_that_uses_every_key_is_right_and_survives_the_parameter(tmp_path: Path) -> None:
    (config,) = load_groups(write(tmp_path, everything=EVERYTHING))
    spec = to_spec(
        config,
        "arn:aws:iam::123456789012:role/greenlight/everything-endpoint",
        "arn:aws:iam::123456789012:role/greenlight/everything-reader",
        "arn:aws:iam::123456789012:role/greenlight/everything-monitoring",
    )
    assert spec_from_json(spec_to_json(spec)) == spec


def test_what_the_yaml_leaves_out_is_the_specs_own_default() -> None:
    config, _ = check(group(), "x.yaml")
    assert config is not None
    spec = to_spec(config, "role", None, None)
    bare = GroupSpec(
        name="lonely",
        endpoint=spec.endpoint,
        execution_role="role",
        artifacts=config.artifacts,
        tags={"greenlight:owner": "nobody@example.com"},
    )
    assert spec == bare


@pytest.mark.parametrize(
    "place",
    [
        "s3://models",
        "s3://models/",
        "s3://acme/team=risk/pd",
        "s3://acme/my models/a//b/",
        "s3://acme/a+b@c,d:e&f",
    ],
)
def test_artifacts_lie_where_people_have_them(place: str) -> None:
    config, problems = check(group(artifacts=[place]), "x.yaml")
    assert problems == []
    assert config is not None
    assert config.artifacts == (place,)


@pytest.mark.parametrize(
    ("changes", "key", "allowed"),
    [
        ({"name": "Fraud"}, "name", "lower-case"),
        ({"name": "a" * 54}, "name", "at most 53"),
        ({"name": "-a"}, "name", "hyphens between"),
        ({"name": 7}, "name", "string"),
        ({"owner": ""}, "owner", "at least 1"),
        ({"owner": "a\nb"}, "owner", "letters"),
        ({"description": "two\nlines"}, "description", "one line"),
        ({"description": "x" * 1025}, "description", "1024"),
        ({"artifacts": []}, "artifacts", "at least 1"),
        ({"artifacts": ["s3://b*/x"]}, "artifacts.0", "without wildcards"),
        ({"artifacts": ["s3://"]}, "artifacts.0", "s3://bucket/prefix or a whole bucket"),
        ({"artifacts": ["s3://bucket/$x"]}, "artifacts.0", "without wildcards"),
        ({"artifacts": ["s3://bucket/a?"]}, "artifacts.0", "without wildcards"),
        ({"artifacts": ["s3://bucket//a"]}, "artifacts.0", "s3://bucket/prefix"),
        ({"artifacts": ["s3://bucket/a "]}, "artifacts.0", "s3://bucket/prefix"),
        ({"artifacts": ["s3://bucket/a/*"]}, "artifacts.0", "without wildcards"),
        ({"approvers": ["*"]}, "approvers.0", "wildcard"),
        ({"approvers": ["ModelRisk"]}, "approvers.0", "ARN"),
        ({"approvers": ["arn:aws:iam::123456789012:group/g"]}, "approvers.0", "one role or user"),
        ({"approvers": ["123456789012"]}, "approvers.0", "whole account"),
        ({"approvers": ["arn:aws:sts::123456789012:assumed-role/a/b"]}, "approvers.0", "a session, which ends"),
        ({"approvers": ["arn:aws:iam::123456789012:role/a"] * 2}, "approvers.1", "twice"),
        ({"registrants": ["arn:aws:iam::123456789012:role/?"]}, "registrants.0", "wildcard"),
        ({"approval__mode": "trust"}, "approval.mode", "'enforce' or 'audit'"),
        ({"approval__four_eyes": "no"}, "approval.four_eyes", "boolean"),
        ({"sessions__tags": {"aws:x": "1"}}, "sessions.tags.aws:x", "must not begin"),
        ({"allowed__image_repositories": ["r/x:latest"]}, "allowed.image_repositories.0", "without tag"),
        ({"allowed__image_repositories": ["r/x@sha256:1"]}, "allowed.image_repositories.0", "without tag"),
        ({"allowed__image_repositories": ["*"]}, "allowed.image_repositories.0", "registry/prefix/*"),
        ({"allowed__artifact_buckets": ["s3://b"]}, "allowed.artifact_buckets.0", "without s3://"),
        ({"allowed__artifact_buckets": ["elsewhere"]}, "artifacts.0", "allowed.artifact_buckets"),
        ({"approvers": ["arn:aws:iam::123456789012:role/*"]}, "approvers.0", "wildcard"),
        ({"approvers": ["arn:aws:iam::123456789012:root"]}, "approvers.0", "whole account"),
        ({"registrants": [PRINCIPAL.replace("iam", "sts")]}, "registrants.0", "its role"),
        ({"tags": {"aws:x": "y"}}, "tags.aws:x", "aws:"),
        ({"tags": {"Greenlight:x": "y"}}, "tags.Greenlight:x", "greenlight:"),
        ({"tags": {"k": "v" * 257}}, "tags.k", "256"),
        ({"tags": {f"k{n}": "v" for n in range(48)}}, "tags", "at most 47"),
        ({"tags": {"Team": "a", "team": "b"}}, "tags.team", "only in case"),
        ({"endpoint__name": "e" * 64}, "endpoint.name", "at most 63"),
        ({"endpoint__name": "Live"}, "endpoint.name", "lower-case"),
        ({"endpoint__instance_type": "m5.large"}, "endpoint.instance_type", "ml.m5.large"),
        ({"endpoint__instance_count": 0}, "endpoint.instance_count", "greater than or equal to 1"),
        ({"endpoint__instance_count": True}, "endpoint.instance_count", "integer"),
        ({"endpoint__instance_count": "2"}, "endpoint.instance_count", "integer"),
        ({"endpoint__volume_size_gb": 0}, "endpoint.volume_size_gb", "greater than or equal to 1"),
        ({"endpoint__volume_size_gb": 513}, "endpoint.volume_size_gb", "less than or equal to 512"),
        ({"endpoint__model_data_download_timeout": 59}, "endpoint.model_data_download_timeout", "60"),
        ({"endpoint__model_data_download_timeout": 3601}, "endpoint.model_data_download_timeout", "3600"),
        (
            {"endpoint__container_startup_health_check_timeout": 59},
            "endpoint.container_startup_health_check_timeout",
            "60",
        ),
        (
            {"endpoint__container_startup_health_check_timeout": 3601},
            "endpoint.container_startup_health_check_timeout",
            "3600",
        ),
        ({"endpoint__inference_ami_version": "ami-1"}, "endpoint.inference_ami_version", "gpu-4-1"),
        ({"guardrails__alarms": ["two\nlines"]}, "guardrails.alarms.0", "line breaks"),
        ({"guardrails__alarms": ["a\u0007bell"]}, "guardrails.alarms.0", "control characters"),
        ({"guardrails__alarms": ["x" * 256]}, "guardrails.alarms.0", "255"),
        ({"guardrails__alarms": ["{{ssm:x}}"]}, "guardrails.alarms.0", "must not contain {{"),
        ({"retraining": {"pipeline": "p", "alarms": ["a\tb"]}}, "retraining.alarms.0", "control characters"),
        ({"endpoint__network_isolation": "no"}, "endpoint.network_isolation", "boolean"),
        ({"endpoint__kms_key": "alias/mine"}, "endpoint.kms_key", "not of an alias"),
        ({"endpoint__asynchronous": {"output": "answers"}}, "endpoint.asynchronous.output", "s3://bucket/prefix"),
        (
            {"endpoint__asynchronous": {"output": f"s3://answers/{'x' * 490}"}},
            "endpoint.asynchronous.output",
            "500 characters",
        ),
        (
            {"endpoint__asynchronous": {"output": "s3://answers/x", "error_topic": "arn:aws:sqs:x"}},
            "endpoint.asynchronous.error_topic",
            "an SNS topic",
        ),
        (
            {"endpoint__asynchronous": {"output": "s3://answers/x", "max_concurrent_invocations": 1001}},
            "endpoint.asynchronous.max_concurrent_invocations",
            "1000",
        ),
        ({"endpoint__vpc": {"subnets": [], "security_groups": ["sg-1"]}}, "endpoint.vpc.subnets", "at least 1"),
        ({"endpoint__vpc": {"subnets": ["x"], "security_groups": ["sg-1"]}}, "endpoint.vpc.subnets.0", "subnet-"),
        (
            {"endpoint__data_capture": {"percentage": 0, "destination": "s3://b-1/c"}},
            "endpoint.data_capture.percentage",
            "1",
        ),
        ({"rollout__strategy": "rainbow"}, "rollout.strategy", "'canary'"),
        ({"rollout__step_percent": 51}, "rollout.step_percent", "50"),
        ({"rollout__bake_seconds": 3601}, "rollout.bake_seconds", "3600"),
        ({"rollout__bake_seconds": -1}, "rollout.bake_seconds", "0"),
        ({"rollout__termination_wait_seconds": 3601}, "rollout.termination_wait_seconds", "3600"),
        ({"rollout__timeout_seconds": 599}, "rollout.timeout_seconds", "600"),
        ({"rollout__timeout_seconds": 28801}, "rollout.timeout_seconds", "28800"),
        ({"guardrails__error_rate": 1.0}, "guardrails.error_rate", "less than 1"),
        ({"guardrails__error_rate": float("nan")}, "guardrails.error_rate", "must be"),
        ({"guardrails__latency_p99_ms": 0}, "guardrails.latency_p99_ms", "1"),
        ({"guardrails__alarms": ["a", "a"]}, "guardrails.alarms", "once"),
        ({"guardrails__alarms": [" "]}, "guardrails.alarms.0", "blank"),
        ({"probation_minutes": -1}, "probation_minutes", "0"),
        ({"retain_versions": 0}, "retain_versions", "1"),
        ({"withdrawal": "maybe"}, "withdrawal", "'keep' or 'delete'"),
        ({"onboarding": "perhaps"}, "onboarding", "'record' or 'deploy'"),
        ({"freeze": [freeze(start="2026-12-24")]}, "freeze.0.start", "offset"),
        ({"freeze": [freeze(start="2026-12-24T00:00:00")]}, "freeze.0.start", "offset"),
        ({"freeze": [freeze(start="2026-12-28T00:00:00Z")]}, "freeze.0.end", "after"),
        ({"freeze": [freeze(reason="{{x}}")]}, "freeze.0.reason", "{{"),
        ({"nonsense": 1}, "nonsense", "known are name"),
        ({"rollout__speed": 1}, "rollout.speed", "known are strategy"),
        (gates({"name": "x"}), "gates.metrics.0", "needs at_least"),
        (gates({"name": "x", "at_least": 2, "at_most": 1}), f"{GATE}.at_least", "above at_most"),
        (gates({"name": "x", "at_least": 2}, {"name": "x", "at_most": 3}), "gates.metrics.1.name", "already"),
        (gates({"name": "x", "at_least": ".nan"}), f"{GATE}.at_least", "number"),
        (gates({"name": "x", "worse_than_live_by": -1}), f"{GATE}.worse_than_live_by", "greater"),
        (gates({"name": "x", "at_least": 1, "better": "up"}), f"{GATE}.better", "'higher' or 'lower'"),
        ({"gates": {"stage": {"name": "Production"}}}, "gates.stage.status", "required"),
        ({"smoke_test": {"payload": ""}}, "smoke_test.payload", "at least 1"),
        ({"smoke_test": {"payload": "{{ssm:other}}"}}, "smoke_test.payload", "must not contain {{"),
        ({"smoke_test": {"content_type": "json"}}, "smoke_test.content_type", "such as application/json"),
        ({"smoke_test": {"status": 99}}, "smoke_test.status", "200"),
        ({"smoke_test": {"seconds": 16}}, "smoke_test.seconds", "15"),
        ({"smoke_test": {"answer": {"type": "nothing"}}}, "smoke_test.answer", "must be a JSON Schema"),
        ({"smoke_test": {"answer": {"$ref": "http://x/y"}}}, "smoke_test.answer", "not part of it: http://x/y"),
        ({"smoke_test": {"answer": "number"}}, "smoke_test.answer", "an object"),
        ({"smoke_test": {"body": "1"}}, "smoke_test.body", "known are enabled, payload"),
        ({"monitoring": {"data_quality": monitor()}}, "monitoring.output", "required"),
        (watched(data_quality=monitor(image="analyzer")), "monitoring.data_quality.image", "an image in ECR"),
        (watched(data_quality=monitor(schedule="NOW")), "monitoring.data_quality.schedule", "NOW runs once only"),
        (watched(data_quality=monitor(schedule="0 * * * *")), "monitoring.data_quality.schedule", "cron(0 HOUR ?"),
        (watched(data_quality=monitor(schedule="cron(30 * ? * * *)")), "monitoring.data_quality.schedule", "hourly"),
        (watched(data_quality=monitor(schedule="cron(0 24 ? * * *)")), "monitoring.data_quality.schedule", "daily"),
        (watched(data_quality=monitor(schedule="cron(0 */2 ? * * *)")), "monitoring.data_quality.schedule", "HOURS"),
        (watched(data_quality=monitor(schedule="cron(0 0/25 ? * * *)")), "monitoring.data_quality.schedule", "HOURS"),
        (watched(data_quality=monitor(instance_count=101)), "monitoring.data_quality.instance_count", "100"),
        (watched(data_quality=monitor(volume_gb=16385)), "monitoring.data_quality.volume_gb", "16384"),
        (watched(data_quality=monitor(most_minutes=0)), "monitoring.data_quality.most_minutes", "1"),
        (watched(data_quality=monitor(start_offset="2h")), "monitoring.data_quality.start_offset", "-PT2H"),
        (watched(data_quality=monitor(start_offset="-PT")), "monitoring.data_quality.start_offset", "-PT2H"),
        (watched(data_quality=monitor(environment={"a-b": "1"})), "monitoring.data_quality.environment.a-b", "letters"),
        (watched(data_quality=monitor(environment={"a": "{{b}}"})), "monitoring.data_quality.environment.a", "{{"),
        (
            watched(data_quality=monitor(environment={f"v{n}": "" for n in range(50)})),
            "monitoring.data_quality.environment",
            "at most 49",
        ),
        (watched(data_quality=monitor(ground_truth="s3://b-1/x")), "monitoring.data_quality.ground_truth", "known are"),
        (
            watched(data_quality=monitor(drift={"features": [], "above": 1})),
            "monitoring.data_quality.drift.features",
            "at least 1",
        ),
        (
            watched(data_quality=monitor(drift={"features": list("abcdefghijk"), "above": 1})),
            "monitoring.data_quality.drift.features",
            "at most 10",
        ),
        (
            watched(data_quality=monitor(drift={"features": ["x" * 233], "above": 1})),
            "monitoring.data_quality.drift.features.0",
            "at most 232",
        ),
        (
            watched(data_quality=monitor(drift={"features": ["x"], "above": -1})),
            "monitoring.data_quality.drift.above",
            "greater than or equal to 0",
        ),
        (watched(bias=monitor()), "monitoring.bias.ground_truth", "required"),
        (watched(bias=monitor(ground_truth="x")), "monitoring.bias.ground_truth", "s3://bucket/prefix"),
        (watched(bias=monitor(drift={})), "monitoring.bias.drift", "known are image"),
        (watched(model_quality=quality(problem_type="X")), "monitoring.model_quality.problem_type", "'Regression'"),
        ({"retraining": {}}, "retraining.pipeline", "required"),
        ({"retraining": {"pipeline": "arn:aws:sagemaker:x"}}, "retraining.pipeline", "not its ARN"),
        ({"retraining": {"pipeline": "a" * 257}}, "retraining.pipeline", "256"),
        ({"retraining": {"pipeline": "p", "cooldown_hours": -1}}, "retraining.cooldown_hours", "0"),
        ({"retraining": {"pipeline": "p", "most_per_week": 0}}, "retraining.most_per_week", "1"),
        ({"retraining": {"pipeline": "p", "alarms": [" "]}}, "retraining.alarms.0", "blank"),
        (
            {"retraining": {"pipeline": "p", "parameters": {"GreenlightRun": "1"}}},
            "retraining.parameters.GreenlightRun",
            "must not begin with Greenlight",
        ),
        (
            {"retraining": {"pipeline": "p", "parameters": {"a b": "1"}}},
            "retraining.parameters.a b",
            "letters, digits, _ and -",
        ),
        ({"retraining": {"pipeline": "p", "parameters": {"a": "x" * 1025}}}, "retraining.parameters.a", "1024"),
        ({"retraining": {"pipeline": "p", "parameters": {"a": 1}}}, "retraining.parameters.a", "string"),
        (
            {"retraining": {"pipeline": "p", "parameters": {f"p{n}": "" for n in range(195)}}},
            "retraining.parameters",
            "at most 194",
        ),
        ({"freeze": [{"begin": 1}]}, "freeze.0.begin", "known are start"),
        ({"recurring_freeze": [recurring(cron="61 * * * *")]}, "recurring_freeze.0.cron", "five fields"),
        ({"recurring_freeze": [recurring(cron="cron(0 17 ? * FRI *)")]}, "recurring_freeze.0.cron", "five fields"),
        ({"recurring_freeze": [recurring(timezone="Berlin")]}, "recurring_freeze.0.timezone", "Europe/Berlin"),
        ({"recurring_freeze": [recurring(minutes=0)]}, "recurring_freeze.0.minutes", "1"),
    ],
)  # fmt: skip
def test_each_limit_of_a_key_is_told_with_what_is_allowed(
    changes: dict[str, Any], key: str, allowed: str
) -> None:
    assert allowed in told(**changes)[key]


@pytest.mark.parametrize(
    ("changes", "key", "allowed"),
    [
        ({"rollout": {"strategy": "canary"}}, "endpoint.instance_count", "or set rollout.strategy to all_at_once"),
        ({"rollout": {"strategy": "linear"}}, "endpoint.instance_count", "at least 2"),
        (
            {
                "rollout": {"strategy": "canary"},
                "endpoint__instance_count": 2,
                "endpoint__autoscaling": {"min": 1, "max": 3, "invocations_per_instance": 1},
            },
            "endpoint.autoscaling.min",
            "at least 2",
        ),
        ({"rollout": {"strategy": "linear", "step_percent": 9}}, "rollout.step_percent", "10 to 50 for linear"),
        ({"rollout": {"strategy": "rolling", "step_percent": 4}}, "rollout.step_percent", "5 to 50 for rolling"),
        (
            {"endpoint__autoscaling": {"min": 3, "max": 2, "invocations_per_instance": 1}},
            "endpoint.autoscaling.min",
            "not be above max",
        ),
        (
            {"endpoint__autoscaling": {"min": 2, "max": 3, "invocations_per_instance": 1}},
            "endpoint.instance_count",
            "2 to 3",
        ),
        (
            {"guardrails": {"error_rate": 0.1, "latency_p99_ms": 1, "alarms": list("abcdefgh")}},
            "guardrails.alarms",
            "at most 7",
        ),
        ({"guardrails": {"alarms": list("abcdefghij")}}, "guardrails.alarms", "at most 9"),
        (
            {"endpoint__instance_type": "ml.inf1.xlarge", "guardrails": {"error_rate": 0.1}},
            "endpoint.instance_type",
            "silently",
        ),
        (
            {"rollout": {"bake_seconds": 500, "termination_wait_seconds": 100, "timeout_seconds": 600}},
            "rollout.timeout_seconds",
            "together, 600",
        ),
        (
            {"monitoring": {"output": "s3://reports/x", "data_quality": monitor()}},
            "monitoring",
            "needs endpoint.data_capture",
        ),
        (watched(), "monitoring", "give one of data_quality, model_quality, bias, explainability"),
        (
            watched(data_quality=monitor(most_minutes=61)),
            "monitoring.data_quality.most_minutes",
            "at most 60 for cron(0 * ? * * *)",
        ),
        (
            watched(bias=monitor(ground_truth="s3://truth/x", most_minutes=31)),
            "monitoring.bias.most_minutes",
            "at most 30",
        ),
        (
            watched(data_quality=monitor(schedule="cron(0 17/12 ? * * *)", most_minutes=721)),
            "monitoring.data_quality.most_minutes",
            "at most 720",
        ),
        (
            watched(data_quality=monitor(end_offset="-PT1H")),
            "monitoring.data_quality.end_offset",
            "needs start_offset",
        ),
        (
            watched(data_quality=monitor(start_offset="-PT60M", end_offset="-PT1H")),
            "monitoring.data_quality.start_offset",
            "longer ago than end_offset, -PT1H",
        ),
        (
            watched(data_quality=monitor(start_offset="-P2D", end_offset="-PT1H")),
            "monitoring.data_quality.start_offset",
            "at most 24 hours before end_offset, -PT1H",
        ),
        ({"gates": {"metrics": [{"name": "a{{b", "at_least": 1}]}}, "", "must not contain {{, as in"),
        (watched(model_quality=quality(inference=None)), "monitoring.model_quality", "needs inference:"),
        (
            watched(model_quality=quality(problem_type="BinaryClassification", inference=None)),
            "monitoring.model_quality",
            "needs inference or probability",
        ),
        (
            watched(data_quality=monitor(drift={"features": ["x", "x"], "above": 1})),
            "monitoring.data_quality.drift.features",
            "each feature once",
        ),
        (
            watched(
                data_quality=monitor(
                    drift={"features": ["x"], "above": 1},
                    environment={"publish_cloudwatch_metrics": "Disabled"},
                )
            ),
            "monitoring.data_quality.environment.publish_cloudwatch_metrics",
            "the alarm of drift looks at these metrics",
        ),
        (
            {**watched(data_quality=monitor()), "monitoring__output": "s3://models/lonely/reports"},
            "monitoring.output",
            "could write artifacts",
        ),
        (
            {**watched(data_quality=monitor()), "artifacts": ["s3://models/lonely/artifacts"],
             "monitoring__output": "s3://models/lonely"},
            "monitoring.output",
            "could write artifacts",
        ),
        ({"retraining": {"pipeline": "p", "alarms": ["a", "a"]}}, "retraining.alarms", "once"),
        ({"retraining": {"pipeline": "p", "roll_back": True}}, "retraining.roll_back", "needs an alarm"),
        (
            {"freeze": [freeze(reason="r" * 200) for _ in range(20)]},
            "",
            "takes 4096",
        ),
    ],
)  # fmt: skip
def test_each_limit_between_keys_is_told_with_the_way_out(
    changes: dict[str, Any], key: str, allowed: str
) -> None:
    assert allowed in told(**changes)[key]


def test_inferentia_without_guardrails_is_right() -> None:
    assert told(endpoint__instance_type="ml.inf1.xlarge") == {}


@pytest.mark.parametrize(
    "schedule",
    [HOURLY, "cron(0 0 ? * * *)", "cron(0 07 ? * * *)", "cron(0 23/1 ? * * *)", "cron(0 17/12 ? * * *)"],
)
def test_schedules_that_sagemaker_knows_are_right(schedule: str) -> None:
    assert told(**watched(data_quality=monitor(schedule=schedule))) == {}


@pytest.mark.parametrize("most_minutes", [60, 30])
def test_a_run_may_take_as_long_as_until_the_next(most_minutes: int) -> None:
    assert told(**watched(data_quality=monitor(most_minutes=most_minutes))) == {}
    assert told(**watched(data_quality=monitor(schedule="cron(0 2 ? * * *)", most_minutes=1440))) == {}


def test_a_binary_classifier_is_compared_by_either_of_what_it_answers() -> None:
    for answer in ({"inference": "0"}, {"inference": None, "probability": "0"}):
        config = quality(problem_type="BinaryClassification", **answer)
        assert told(**watched(model_quality=config)) == {}


def test_the_image_may_have_a_tag_and_a_digest() -> None:
    image = f"{IMAGE.replace('amazonaws.com', 'amazonaws.com.cn')}:1.0@sha256:{'0' * 64}"
    assert told(**watched(data_quality=monitor(image=image))) == {}


def test_rolling_back_takes_the_groups_own_alarm_or_one_that_is_named() -> None:
    drift = watched(data_quality=monitor(drift={"features": ["x"], "above": 1}))
    assert told(**drift, retraining={"pipeline": "p", "roll_back": True}) == {}
    assert told(retraining={"pipeline": "p", "roll_back": True, "alarms": ["a"]}) == {}


def test_what_is_wrong_with_monitoring_is_not_told_as_a_lack_of_it() -> None:
    wrong = watched(data_quality=monitor(schedule="NOW", drift={"features": ["x"], "above": 1}))
    problems = told(**wrong, retraining={"pipeline": "p", "roll_back": True})
    assert set(problems) == {"monitoring.data_quality.schedule"}


def test_a_group_retrains_without_being_monitored() -> None:
    assert told(retraining={"pipeline": "p"}) == {}


def test_the_groups_own_alarm_on_drift_goes_before_those_that_it_names() -> None:
    data = watched(data_quality=monitor(drift={"features": ["x"], "above": 1}))
    config, _ = check(group(**data, retraining={"pipeline": "p", "alarms": ["a", "b"]}), "x.yaml")
    assert config is not None
    spec = to_spec(config, "role", None, "monitoring")
    assert spec.retraining is not None
    assert spec.retraining.alarms == ("greenlight/lonely/drift", "a", "b")
    assert spec.monitoring is not None
    assert spec.monitoring.role == "monitoring"
    assert spec.monitoring.schedules == {Monitor.DATA_QUALITY: MonitorSpec(IMAGE, HOURLY, "ml.m5.large")}


def test_the_readmes_example_of_monitoring_and_retraining_is_right() -> None:
    readme = (ROOT / "README.md").read_text()
    (example,) = (
        part for part in re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL) if "retraining:" in part
    )
    _, problems = check(yaml.safe_load(LONELY) | yaml.safe_load(example), "README.md")
    assert problems == []


def test_monitoring_without_a_role_is_a_mistake_of_ours() -> None:
    config, _ = check(group(**watched(data_quality=monitor())), "x.yaml")
    assert config is not None
    with pytest.raises(ValueError, match="needs a role"):
        to_spec(config, "role", None, None)


@pytest.mark.parametrize(
    ("retraining", "only_people"),
    [
        ({}, True),
        ({"alarms": ["a"]}, False),
        ({"on_rejection": True}, False),
    ],
)
def test_a_pipeline_that_only_people_start_is_told_apart(
    retraining: dict[str, object], only_people: bool
) -> None:
    config, _ = check(group(retraining={"pipeline": "p", **retraining}), "x.yaml")
    assert config is not None
    assert config.retraining is not None
    assert nothing_starts(config.retraining, None) is only_people


def test_violations_start_a_pipeline_where_something_is_monitored() -> None:
    for asked in (True, False):
        data = group(**watched(data_quality=monitor()), retraining={"pipeline": "p", "on_violations": asked})
        config, _ = check(data, "x.yaml")
        assert config is not None
        assert config.retraining is not None
        assert nothing_starts(config.retraining, config.monitoring) is not asked


def test_ten_alarms_with_the_abort_alarm_are_right() -> None:
    assert told(guardrails={"error_rate": 0.1, "latency_p99_ms": 1, "alarms": list("abcdefg")}) == {}


def test_a_rollout_waits_for_each_bake_and_the_last() -> None:
    waits = {}
    for strategy, step in (("all_at_once", 50), ("canary", 10), ("linear", 30), ("rolling", 25)):
        data = group(endpoint__instance_count=2)
        data["rollout"] = {"strategy": strategy, "step_percent": step, "bake_seconds": 10}
        config, _ = check(data, "x.yaml")
        assert config is not None
        waits[strategy] = waiting_seconds(config.rollout)
    assert waits == {"all_at_once": 310, "canary": 320, "linear": 340, "rolling": 40}


def test_limits_of_a_key_and_between_keys_are_told_together() -> None:
    said = told(name="Bad", rollout={"strategy": "canary"}, nonsense=1)
    assert set(said) == {"name", "endpoint.instance_count", "nonsense"}


def test_the_value_that_stands_there_is_quoted() -> None:
    _, problems = check(group(withdrawal="maybe"), "groups/x.yaml")
    assert str(problems[0]) == "groups/x.yaml: withdrawal is \"maybe\": must be 'keep' or 'delete'"


@pytest.mark.parametrize("key", ["name", "owner", "artifacts", "endpoint"])
def test_what_a_group_needs_is_told_when_it_is_missing(key: str) -> None:
    data = group()
    del data[key]
    _, problems = check(data, "x.yaml")
    assert [(p.key, p.value, p.allowed) for p in problems] == [(key, None, "is required and missing")]


def test_everything_wrong_with_all_files_is_told_at_once(tmp_path: Path) -> None:
    folder = write(tmp_path, a=LONELY + "nonsense: 1\n", b="name: b\nname: c\n", c="name: [", d="", e="- x\n")
    with pytest.raises(ConfigError) as caught:
        load_groups(folder)
    text = "\n".join(map(str, caught.value.problems))
    for part in (
        "a.yaml: nonsense is 1",
        "b.yaml:2: key 'name' is given twice, first in line 1",
        "c.yaml:1: ",
        "d.yaml: is empty",
        "e.yaml: must hold keys and values, not a list",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &a [*a]\n", "recursive"),
        ("? [1]\n: x\n", "must be text"),
        ("1: x\n", "must be text"),
        ("a: !!python/object:os.system x\n", "could not determine a constructor"),
        ("a: !!binary aGk=\n", "plain values"),
        ("a: b\n\tc: d\n", ":2: "),
    ],
)
def test_yaml_that_is_no_plain_data_is_told_and_not_run(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_groups(write(tmp_path, x=text))
    assert said in str(caught.value)


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        load_groups(tmp_path)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "nowhere.YAML").symlink_to(tmp_path / "gone")
    with pytest.raises(ConfigError) as caught:
        load_groups(tmp_path)
    assert [p.allowed.split(",")[0] for p in caught.value.problems] == [
        "is a directory",
        f"is a link to {tmp_path / 'gone'}",
    ]


def test_two_groups_of_one_name_or_one_endpoint_are_refused(tmp_path: Path) -> None:
    second = LONELY.replace("name: lonely", "name: other").replace(
        "ml.t2.medium}", "ml.t2.medium, name: lonely}"
    )
    with pytest.raises(ConfigError) as caught:
        load_groups(write(tmp_path, a=LONELY, b=second, c=LONELY))
    assert [(p.file.split("/")[-1], p.key) for p in caught.value.problems] == [
        ("b.yaml", "endpoint.name"),
        ("c.yaml", "name"),
        ("c.yaml", "endpoint.name"),
    ]


def test_no_groups_at_all_are_right(tmp_path: Path) -> None:
    assert load_groups(tmp_path) == ()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no folder"):
        load_groups(tmp_path / "nowhere")


def test_files_that_are_no_yaml_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Groups")
    assert load_groups(tmp_path) == ()


def test_anchors_and_merges_work(tmp_path: Path) -> None:
    text = LONELY + "rollout: &usual {bake_seconds: 10}\n"
    (config,) = load_groups(
        write(tmp_path, x=text.replace("endpoint: {", "endpoint: {<<: {instance_count: 3}, "))
    )
    assert config.endpoint.instance_count == 3
    assert config.rollout.bake_seconds == 10


BOTH = "arn:aws:iam::123456789012:role/everyone"


def test_an_approver_who_may_register_too_is_refused_as_long_as_four_eyes_are_asked_for() -> None:
    problems = told(approvers=[BOTH], registrants=["arn:aws:iam::123456789012:role/other", BOTH])
    assert list(problems) == ["approvers.0"]
    assert "could approve what it registered itself" in problems["approvers.0"]
    assert "approval.four_eyes" in problems["approvers.0"]


def test_a_second_factor_that_a_role_could_never_give_is_refused_with_the_way_out() -> None:
    user = "arn:aws:iam::123456789012:user/ann"
    problems = told(approvers=[user, BOTH], sessions__mfa=True)
    assert list(problems) == ["sessions.mfa"]
    assert "approvers.1" in problems["sessions.mfa"]
    assert (
        "name IAM users, or leave it out, ask for the second factor where these people sign in"
        in (problems["sessions.mfa"])
    )
    assert told(approvers=[user], registrants=[BOTH], sessions__mfa=True) == {}
    assert told(approvers=[BOTH], sessions__source_identity=True) == {}


def test_one_who_does_both_is_let_be_where_the_group_waives_four_eyes() -> None:
    assert told(approvers=[BOTH], registrants=[BOTH], approval__four_eyes=False) == {}


@pytest.mark.parametrize(
    "repository",
    [
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/fraud",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/fraud/*",
        "localhost:5000/team/fraud_model",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/*",
    ],
)
def test_repositories_are_told_whole_or_by_their_prefix(repository: str) -> None:
    assert told(allowed__image_repositories=[repository]) == {}


# --- modes of endpoints ----------------------------------------------------------------------------------

SIZE = {"memory_mb": 2048, "max_concurrency": 20}
ANSWERS = {"output": "s3://answers/lonely"}


LARGE = {
    "container_startup_health_check_timeout": 900,
    "model_data_download_timeout": 1200,
    "volume_size_gb": 200,
    "inference_ami_version": "al2-ami-sagemaker-inference-gpu-2",
}


def serverless(**changes: Any) -> dict[str, str]:
    """What is said about a serverless group with changes."""
    endpoint = {"serverless": SIZE, "network_isolation": False}
    for path in [path for path in changes if path.startswith("endpoint__")]:
        endpoint[path.removeprefix("endpoint__")] = changes.pop(path)
    return told(endpoint=endpoint, **changes)


def asynchronous(**changes: Any) -> dict[str, str]:
    """What is said about an asynchronous group with changes."""
    return told(**{"endpoint__asynchronous": ANSWERS, **changes})


def test_a_serverless_and_an_asynchronous_group_are_right_and_survive_the_parameter(tmp_path: Path) -> None:
    for config in load_groups(write(tmp_path, sleepy=SLEEPY, patient=PATIENT)):
        spec = to_spec(config, "arn:aws:iam::123456789012:role/e", "arn:aws:iam::123456789012:role/r", None)
        assert spec_from_json(spec_to_json(spec)) == spec
        assert spec.endpoint.mode.value == {"sleepy": "serverless", "patient": "asynchronous"}[config.name]


def test_failures_go_below_the_answers_unless_it_is_said() -> None:
    config, _ = check(group(endpoint__asynchronous=ANSWERS), "x.yaml")
    assert config is not None
    spec = to_spec(config, "role", "reader", None).endpoint.asynchronous
    assert spec is not None
    assert spec.failures == "s3://answers/lonely/failures"


def test_an_endpoint_needs_an_instance_type_unless_it_is_serverless() -> None:
    assert serverless() == {}
    assert told(endpoint={}) == {"endpoint": "needs instance_type, or serverless"}
    assert told(endpoint={"asynchronous": ANSWERS}) == {"endpoint": "needs instance_type, or serverless"}


@pytest.mark.parametrize(
    ("changes", "key", "says"),
    [
        (
            {"endpoint__serverless": SIZE | {"memory_mb": 1536}},
            "endpoint.serverless.memory_mb",
            "multiple of 1024",
        ),
        ({"endpoint__serverless": SIZE | {"memory_mb": 7168}}, "endpoint.serverless.memory_mb", "6144"),
        (
            {"endpoint__serverless": SIZE | {"max_concurrency": 201}},
            "endpoint.serverless.max_concurrency",
            "200",
        ),
        ({"endpoint__serverless": {"memory_mb": 1024}}, "endpoint.serverless.max_concurrency", "required"),
        (
            {"endpoint__serverless": SIZE | {"provisioned_concurrency": 21}},
            "endpoint.serverless.provisioned_concurrency",
            "at most max_concurrency, 20",
        ),
        ({"endpoint__instance_type": "ml.m5.large"}, "endpoint.instance_type", "no instances"),
        ({"endpoint__instance_count": 2}, "endpoint.instance_count", "max_concurrency is what bounds it"),
        (
            {"endpoint__autoscaling": {"min": 1, "max": 2, "invocations_per_instance": 9}},
            "endpoint.autoscaling",
            "scales by itself",
        ),
        (
            {"endpoint__kms_key": "arn:aws:kms:us-east-1:123456789012:key/1"},
            "endpoint.kms_key",
            "no volumes to encrypt; leave it out, or give instance_type",
        ),
        (
            {"endpoint__vpc": {"subnets": ["subnet-1"], "security_groups": ["sg-1"]}},
            "endpoint.vpc",
            "no serverless endpoint in a VPC",
        ),
        ({"endpoint__data_capture": CAPTURE}, "endpoint.data_capture", "captures nothing"),
        *(
            (
                {f"endpoint__{key}": value},
                f"endpoint.{key}",
                "no instances, and so no disk, image or start of them",
            )
            for key, value in LARGE.items()
        ),
        (
            {"endpoint__network_isolation": True},
            "endpoint.network_isolation",
            "must be false: AWS isolates no",
        ),
        ({"endpoint__asynchronous": ANSWERS}, "endpoint.asynchronous", "beside serverless"),
        (
            {"rollout": {"strategy": "canary"}},
            "rollout.strategy",
            "must be all_at_once for a serverless endpoint",
        ),
        ({"rollout": {"strategy": "linear"}}, "rollout.strategy", "must be all_at_once"),
        ({"rollout": {"strategy": "rolling"}}, "rollout.strategy", "its smoke test and probation show"),
        ({"rollout": {"bake_seconds": 60}}, "rollout.bake_seconds", "without a bake"),
        ({"rollout": {"step_percent": 50}}, "rollout.step_percent", "left out"),
        (
            {"guardrails": {"error_rate": 0.1}, "probation_minutes": 0},
            "probation_minutes",
            "on probation only",
        ),
        (
            {"monitoring": {"output": "s3://reports/lonely", "data_quality": monitor()}},
            "monitoring",
            "which AWS has of no serverless endpoint",
        ),
    ],
)
def test_what_a_serverless_endpoint_cannot_have_is_told_with_the_way_out(
    changes: dict[str, Any], key: str, says: str
) -> None:
    found = serverless(**changes)
    assert list(found) == [key]
    assert says in found[key]


def test_all_that_a_serverless_group_has_too_much_is_told_at_once() -> None:
    found = serverless(
        endpoint__instance_type="ml.m5.large",
        endpoint__data_capture=CAPTURE,
        endpoint__network_isolation=True,
        rollout={"strategy": "canary", "bake_seconds": 60},
        guardrails={"error_rate": 0.1},
        probation_minutes=0,
    )
    assert list(found) == [
        "endpoint.instance_type",
        "endpoint.data_capture",
        "endpoint.network_isolation",
        "rollout.strategy",
        "rollout.bake_seconds",
        "probation_minutes",
    ]


@pytest.mark.parametrize(
    ("changes", "key", "says"),
    [
        (
            {"endpoint__autoscaling": {"min": 1, "max": 2, "invocations_per_instance": 9}},
            "endpoint.autoscaling",
            "InvocationsPerInstance, which AWS does not publish",
        ),
        ({"endpoint__data_capture": CAPTURE}, "endpoint.data_capture", "lie in S3 already"),
        (
            {"endpoint__asynchronous": {"output": "s3://models/lonely/answers"}},
            "endpoint.asynchronous.output",
            "must not lie below or above artifacts, s3://models/lonely",
        ),
        (
            {"endpoint__asynchronous": {**ANSWERS, "failures": "s3://models/lonely"}},
            "endpoint.asynchronous.failures",
            "who writes answers could write artifacts",
        ),
        ({"smoke_test": {"status": 400}}, "smoke_test.status", "does not tell a model's status"),
        (
            {"monitoring": {"output": "s3://reports/lonely", "data_quality": monitor()}},
            "monitoring",
            "which AWS has of no asynchronous endpoint",
        ),
    ],
)
def test_what_an_asynchronous_endpoint_cannot_have_is_told_with_the_way_out(
    changes: dict[str, Any], key: str, says: str
) -> None:
    found = asynchronous(**changes)
    assert list(found) == [key]
    assert says in found[key]


def test_an_asynchronous_endpoint_has_the_guardrails_of_a_real_time_one() -> None:
    canary = {"strategy": "canary", "bake_seconds": 120}
    assert asynchronous(rollout=canary, endpoint__instance_count=2, guardrails={"error_rate": 0.1}) == {}
    assert list(asynchronous(rollout=canary)) == ["endpoint.instance_count"]
