"""The app synthesized once for a session: jsii is slow, templates are only read."""

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from infra.app import build
from infra.config.governance import GovernanceConfig

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "groups"
KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
ANALYZER = "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"
CLARIFY = "205585389593.dkr.ecr.us-east-1.amazonaws.com/sagemaker-clarify-processing:1.0"
EVERYTHING = f"""
name: everything
owner: everyone@example.com
description: A group that uses every key
grouping: {{project: p, business_problem: b, model_type: m}}
tags: {{cost-center: "1"}}
approvers: ["arn:aws:iam::123456789012:user/people/jonas"]
registrants: ["arn:aws:iam::123456789012:user/robots/pipeline"]
approval: {{mode: audit, four_eyes: false, resource_policy: true}}
sessions: {{mfa: true, source_identity: true, tags: {{team: everything}}}}
allowed: {{image_repositories: ["123456789012.dkr.ecr.us-east-1.amazonaws.com/everything/*"],
  artifact_buckets: [models, more-models]}}
artifacts: ["s3://models/everything", "s3://more-models/everything"]
gates:
  metrics: [{{name: recall, at_least: 0.9, worse_than_live_by: 0.01}}, {{name: rmse, at_most: 4, better: lower}}]
  metadata: [dataset]
  lineage: true
  evaluation: true
  model_card: true
  stage: {{name: Production, status: Approved}}
smoke_test:
  payload: '{{"rows": [[1, 2]]}}'
  content_type: application/json
  accept: application/json
  status: 200
  answer: {{type: object, required: [scores]}}
  seconds: 5
endpoint:
  name: everything-live
  instance_type: ml.p3.2xlarge
  instance_count: 3
  autoscaling: {{min: 2, max: 4, invocations_per_instance: 100}}
  kms_key: "{KEY}"
  vpc: {{subnets: [subnet-0a1b2c3d], security_groups: [sg-0a1b2c3d]}}
  network_isolation: false
  data_capture: {{percentage: 10, destination: "s3://captured/everything", kms_key: "{KEY}"}}
  container_startup_health_check_timeout: 600
  model_data_download_timeout: 600
  volume_size_gb: 200
  inference_ami_version: al2-ami-sagemaker-inference-gpu-2
rollout: {{strategy: linear, step_percent: 50, bake_seconds: 120, termination_wait_seconds: 0, timeout_seconds: 1800}}
guardrails: {{error_rate: 0.01, latency_p99_ms: 250, alarms: [somebody-elses]}}
monitoring:
  output: "s3://reports/everything"
  kms_key: "{KEY}"
  data_quality:
    image: {ANALYZER}
    schedule: cron(0 * ? * * *)
    instance_type: ml.m5.large
    instance_count: 2
    volume_gb: 30
    most_minutes: 60
    start_offset: -PT2H
    end_offset: -PT1H
    environment: {{record_preprocessing: "no"}}
    drift: {{features: [income, age], above: 0.2}}
  model_quality:
    image: {ANALYZER}
    schedule: cron(0 12 ? * * *)
    instance_type: ml.m5.large
    problem_type: BinaryClassification
    ground_truth: "s3://truth/everything"
    inference: "0"
    probability: "1"
  bias:
    image: {CLARIFY}
    schedule: cron(0 0/6 ? * * *)
    instance_type: ml.m5.large
    ground_truth: "s3://truth/everything"
    inference: "0"
    probability: "1"
  explainability:
    image: {CLARIFY}
    schedule: cron(0 0 ? * * *)
    instance_type: ml.m5.large
    inference: "0"
retraining:
  pipeline: everything-retrain
  alarms: [somebody-elses-drift]
  on_violations: false
  on_rejection: true
  cooldown_hours: 12
  most_per_week: 3
  roll_back: true
  parameters: {{Instances: "2"}}
probation_minutes: 30
retain_versions: 5
withdrawal: delete
onboarding: deploy
freeze: [{{start: 2026-12-24T00:00:00+01:00, end: 2026-12-27T00:00:00+01:00, reason: Christmas}}]
recurring_freeze: [{{cron: "0 17 * * 5", minutes: 3780, timezone: Europe/Berlin, reason: weekend}}]
"""
LONELY = """
name: lonely
owner: nobody@example.com
artifacts: ["s3://models/lonely"]
endpoint: {instance_type: ml.t2.medium}
"""
SLEEPY = """
name: sleepy
owner: serverless@example.com
artifacts: ["s3://models/sleepy"]
endpoint:
  network_isolation: false
  serverless: {memory_mb: 2048, max_concurrency: 20, provisioned_concurrency: 5}
guardrails: {error_rate: 0.01, alarms: [somebody-elses]}
"""
PATIENT = f"""
name: patient
owner: asynchronous@example.com
artifacts: ["s3://models/patient"]
endpoint:
  instance_type: ml.m5.large
  instance_count: 2
  asynchronous:
    output: "s3://answers/patient"
    failures: "s3://failures/patient"
    input: "s3://requests/patient"
    max_concurrent_invocations: 4
    success_topic: "arn:aws:sns:us-east-1:123456789012:done"
    error_topic: "arn:aws:sns:us-east-1:123456789012:failed"
    kms_key: "{KEY}"
rollout: {{strategy: canary, bake_seconds: 120}}
guardrails: {{error_rate: 0.01}}
smoke_test: {{payload: "1,2", content_type: text/csv}}
"""


GOVERNANCE = GovernanceConfig.model_validate_json(
    json.dumps(
        {
            "auditors": ["arn:aws:iam::123456789012:role/InternalAudit"],
            "break_glass": {
                "principals": [
                    "arn:aws:iam::123456789012:role/SiteReliability",
                    "arn:aws:iam::123456789012:user/reliability/eve",
                ]
            },
            "messages": {"page": ["rollout.failed"], "mail": ["risk-ml@example.com"]},
            "recurring_freeze": [
                {"cron": "0 17 * * 5", "minutes": 3780, "timezone": "Europe/Berlin", "reason": "weekend"}
            ],
        }
    )
)


class Assembly:
    """What one synth wrote."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def text(self, stack: str) -> str:
        """A stack's template, byte for byte."""
        return (self.folder / f"{stack}.template.json").read_text()

    def stacks(self) -> list[str]:
        """The names of all stacks."""
        return sorted(
            path.name.removesuffix(".template.json") for path in self.folder.glob("*.template.json")
        )

    def resources(self, stack: str, kind: str = "") -> list[dict[str, Any]]:
        """The resources of a stack, all or those of one type."""
        found = json.loads(self.text(stack))["Resources"].values()
        return [resource for resource in found if resource["Type"] == kind or not kind]

    def properties(self, stack: str, kind: str) -> list[dict[str, Any]]:
        """The properties of a stack's resources of one type."""
        return [resource.get("Properties", {}) for resource in self.resources(stack, kind)]


def synthesize(
    folder: Path, groups: Path, governance: GovernanceConfig = GOVERNANCE, **chosen: object
) -> Assembly:
    """Synthesize the app, held to AwsSolutions and NIST 800-53, with the context of cdk.json and what is chosen."""
    context = json.loads((ROOT / "cdk.json").read_text())["context"] | chosen
    app = cdk.App(
        outdir=str(folder),
        context=context,
        analytics_reporting=False,
        builtin_cloud_formation_validation=False,  # as app.py has it
    )
    build(app, groups, governance)
    app.synth()
    return Assembly(folder)


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The examples, a group that uses every key, one that names nobody, one of each further mode of endpoints, and all
    that governance can have."""
    groups = tmp_path_factory.mktemp("groups")
    for path in EXAMPLES.glob("*.yaml"):
        (groups / path.name).write_text(path.read_text())
    (groups / "everything.yaml").write_text(EVERYTHING)
    (groups / "lonely.yaml").write_text(LONELY)
    (groups / "sleepy.yaml").write_text(SLEEPY)
    (groups / "patient.yaml").write_text(PATIENT)
    return synthesize(tmp_path_factory.mktemp("assembly"), groups)


@pytest.fixture(scope="session")
def examples_only(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The examples as they are."""
    return synthesize(tmp_path_factory.mktemp("examples"), EXAMPLES)


@pytest.fixture(scope="session")
def no_groups(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """An app before its first group."""
    return synthesize(tmp_path_factory.mktemp("none"), tmp_path_factory.mktemp("no-groups"))


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """An app before its first group, whose `governance.yaml` says nothing."""
    groups = tmp_path_factory.mktemp("none")
    return synthesize(tmp_path_factory.mktemp("plain"), groups, GovernanceConfig())
