"""The templates as cdk-nag and cfn-lint see them."""

import json
from pathlib import Path

import aws_cdk as cdk
import cfnlint.api
import pytest
from aws_cdk import aws_sqs as sqs
from cdk_nag import AwsSolutionsChecks

from tests.infra.conftest import Assembly

# The CDK lets a function wait for its role's policy, and names the role itself beside it; that is harmless.
_IGNORED = ["W3005"]


def test_cdk_nag_finds_nothing_that_is_not_acknowledged(assembly: Assembly) -> None:
    """Synthesis itself fails on a finding; its report shows that the rules did run."""
    report = json.loads((assembly.folder / "validation-report.json").read_text())
    assert "AwsSolutions" in json.dumps(report)


def test_a_finding_stops_synthesis(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path), analytics_reporting=False)
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    sqs.Queue(cdk.Stack(app, "Bare"), "WithoutSsl")
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()


def test_cfn_lint_finds_nothing(assembly: Assembly) -> None:
    found = {
        stack: [
            str(match)
            for match in cfnlint.api.lint(
                assembly.text(stack),
                config=cfnlint.api.ManualArgs(regions=["us-east-1", "eu-central-1"], ignore_checks=_IGNORED),
            )
        ]
        for stack in assembly.stacks()
    }
    assert not {stack: matches for stack, matches in found.items() if matches}
