"""What an app takes of AWS's quotas is counted on its resources, and said before it is deployed."""

from collections import Counter
from pathlib import Path

import aws_cdk as cdk
import pytest

from infra.app import build
from infra.config.governance import GovernanceConfig
from infra.config.load import load_groups
from infra.quotas import QUOTAS, Quota, shortages, taken
from tests.infra.conftest import EVERYTHING

ROLE, ALARM = "AWS::IAM::Role", "AWS::CloudWatch::Alarm"


@pytest.mark.parametrize(
    ("roles", "says"),
    [
        (800, None),
        (801, "ask for more before you deploy (Service Quotas: IAM, 'Roles per account')"),
        (5_000, "has 5,000 roles in the account, where AWS gives 1,000 unless asked: ask for more"),
        (5_001, "at most 5,000: spread the groups over several accounts"),
    ],
)
def test_what_comes_near_a_quota_is_told_with_what_to_do(roles: int, says: str | None) -> None:
    found = [str(one) for one in shortages(Counter({ROLE: roles}))]
    assert len(found) == (says is not None)
    assert says is None or says in found[0]


def test_synth_warns_of_a_quota_that_the_app_comes_near(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(QUOTAS, ROLE, Quota("roles in the account", 2, 3, "IAM"))
    app = cdk.App(outdir=str(tmp_path / "out"))
    build(app, tmp_path, GovernanceConfig())
    warned = [
        str(entry.data)
        for one in app.node.find_all()
        for entry in one.node.metadata
        if entry.type == "aws:cdk:warning"
    ]
    assert any("roles in the account, where AWS gives 2 unless asked, and at most 3" in one for one in warned)


def test_what_rollouts_make_counts_with_what_the_stacks_have(tmp_path: Path) -> None:
    (tmp_path / "everything.yaml").write_text(EVERYTHING)
    groups = load_groups(tmp_path)
    app = cdk.App(outdir=str(tmp_path / "out"))
    build(app, tmp_path, GovernanceConfig())
    alone, counts = taken(app, ()), taken(app, groups)
    (group,) = groups
    # Errors and latency, of each kept config and the next; two more alarms are autoscaling's.
    assert counts[ALARM] - alone[ALARM] == 2 * (group.retain_versions + 1) + 2
    assert counts[ROLE] == alone[ROLE] > 5
    assert counts["AWS::CloudFormation::Stack"] == 5
    assert all(counts[kind] > 0 for kind in QUOTAS)
    assert not list(shortages(counts))
