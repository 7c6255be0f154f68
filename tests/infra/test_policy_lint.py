"""Every policy document of every template, by a linter that knows AWS's actions, resources and condition keys."""

import functools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import parliament
import pytest
from parliament import policy, statement

from tests.infra.authorization_data import has_no_resource
from tests.infra.conftest import Assembly
from tests.infra.templates import Document, Templates, listed


@dataclass(frozen=True)
class Finding:
    """What the linter says about one document."""

    issue: str
    where: str
    detail: str


@dataclass(frozen=True)
class Ignored:
    """A finding that is right as it is: its id, the documents by pattern, a part of its detail, and why."""

    issue: str
    where: str
    detail: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether this is the finding meant."""
        return (
            self.issue == finding.issue
            and fnmatchcase(finding.where, self.where)
            and self.detail in finding.detail
        )


_COMPOSITE = "narrower than `*`, DescribeAlarms tells of no composite alarm; it only reads"
_BOUNDARY = "a boundary grants nothing; each of its statements is explained in test_boundary.py"
IGNORED = (
    Ignored(
        "RESOURCE_STAR", "*/KeyPolicy", "kms:", "in a policy attached to a key, the resource `*` is that key"
    ),
    Ignored("RESOURCE_STAR", "*", "cloudwatch:DescribeAlarms", _COMPOSITE),
    Ignored(
        "PERMISSIONS_MANAGEMENT_ACTIONS",
        "*/KeyPolicy",
        "",
        "the account administers its keys by IAM; a key that no administrator can manage is lost for good",
    ),
    Ignored(
        "PERMISSIONS_MANAGEMENT_ACTIONS",
        "Greenlight-Controller/ReconcileRole*/PolicyDocument",
        "",
        "an endpoint has a role, a volume key and a scaling role: passed, granted and made for SageMaker alone",
    ),
    Ignored(
        "PERMISSIONS_MANAGEMENT_ACTIONS",
        "*/EndpointRole*/PolicyDocument",
        "",
        "a grant on the volume key, for AWS resources alone",
    ),
    Ignored(
        "RESOURCE_MISMATCH",
        "Greenlight-Controller/ReconcileRole*",
        "sagemaker:CreateEndpoint",
        "SageMaker asks about the config too, which carries our tag already; MakeOurs is about the endpoint",
    ),
    *(
        Ignored(issue, "Greenlight-Governance/Boundary/PolicyDocument", "", _BOUNDARY)
        for issue in (
            "CREDENTIALS_EXPOSURE",
            "MISMATCHED_TYPE_BUT_USABLE",
            "PERMISSIONS_MANAGEMENT_ACTIONS",
            "PRIVILEGE_ESCALATION",
        )
    ),
    Ignored(
        "RESOURCE_MISMATCH",
        "Greenlight-Governance/greenlight*",
        "dynamodb:GetResourcePolicy",
        "the linter's data knows it of streams only; tables have policies too",
    ),
    Ignored(
        "RESOURCE_MISMATCH",
        "Greenlight-Governance/greenlightbreakglass*",
        "sagemaker:CreateEndpoint",
        "as reconcile's: SageMaker asks about the config too",
    ),
    Ignored(
        "PERMISSIONS_MANAGEMENT_ACTIONS",
        "Greenlight-Governance/greenlightbreakglass*",
        "",
        "as reconcile's: endpoint roles and volume keys, for SageMaker alone",
    ),
    Ignored(
        "CREDENTIALS_EXPOSURE",
        "*/AssumeRolePolicyDocument",
        "",
        "stepping into the role is what a trust policy is about",
    ),
    Ignored(
        "CREDENTIALS_EXPOSURE",
        "Greenlight-Controller/ReconcileRole*/PolicyDocument",
        "",
        "into the groups' reader roles, which read and do nothing else",
    ),
    Ignored(
        "CREDENTIALS_EXPOSURE",
        "*/EndpointRole*/PolicyDocument",
        "",
        "ecr:GetAuthorizationToken is how an image is pulled: what it opens is what the role may pull anyway",
    ),
    Ignored("CREDENTIALS_EXPOSURE", "*/MonitoringRole*/PolicyDocument", "", "as the endpoint role's"),
)


# The linter looks every action up by walking all of AWS's, for each policy anew: remembered, that is most of its time.
for _module in (statement, policy):
    for _name in ("get_privilege_info", "expand_action"):
        if hasattr(_module, _name):
            setattr(_module, _name, functools.cache(getattr(_module, _name)))


def lint(document: Document) -> set[Finding]:
    """What the linter finds."""
    text = json.loads(json.dumps(document.policy))
    if document.kind == "AssumeRolePolicyDocument":
        for one in text["Statement"]:  # its resource is its role, unsaid; the linter wants it said
            one["Resource"] = "arn:aws:iam::123456789012:role/greenlight/x"
    analyzed = parliament.analyze_policy_string(json.dumps(text), include_community_auditors=True)
    return {
        Finding(found.issue, document.where, json.dumps(found.detail, default=str))
        for found in analyzed.findings
    }


@pytest.fixture(scope="module")
def findings(assembly: Assembly) -> set[Finding]:
    """All that the linter says of all templates."""
    return {finding for document in Templates(assembly).documents() for finding in lint(document)}


def test_no_policy_has_a_finding_that_is_not_explained(findings: set[Finding]) -> None:
    assert _unexplained(findings) == []


@pytest.mark.parametrize("ignored", IGNORED, ids=lambda ignored: f"{ignored.issue} in {ignored.where}")
def test_no_explanation_outlives_its_finding(findings: set[Finding], ignored: Ignored) -> None:
    assert any(ignored.covers(finding) for finding in findings)


def unmatched(document: Document) -> list[str]:
    """The actions of a document that no resource of their statement can match: they have none, and it names some."""
    return [
        f"{document.where}: {action}"
        for one in document.statements
        if "Resource" in one and "*" not in listed(one["Resource"])
        for action in listed(one.get("Action", []))
        if has_no_resource(action)
    ]


def test_no_statement_names_a_resource_for_an_action_that_has_none(assembly: Assembly) -> None:
    """A Deny of it would deny nothing, and an Allow allow nothing."""
    assert [found for document in Templates(assembly).documents() for found in unmatched(document)] == []


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_an_action_without_a_resource_type_is_found_beside_others(effect: str) -> None:
    statement = {"Effect": effect, "Action": ["events:PutEvents", "events:PutPermission"]}
    named = statement | {"Resource": ["arn:aws:events:*:*:event-bus/greenlight"]}
    document = Document("x", "PolicyDocument", {"Version": "2012-10-17", "Statement": [named]})
    assert unmatched(document) == ["x: events:PutPermission"]
    document.policy["Statement"] = [statement | {"Resource": "*"}]
    assert unmatched(document) == []


def test_every_kind_of_policy_is_linted(assembly: Assembly) -> None:
    documents = Templates(assembly).documents()
    places = (
        "AssumeRolePolicyDocument",
        "KeyPolicy",
        "PolicyDocument",
        "ReconcileRoleDefaultPolicy",
        "ResourcePolicy",
        "Queues",
        "Alarms",
        "ApproverRole",
    )
    for part in places:
        assert any(part in document.where for document in documents)
    assert all(document.policy["Version"] == "2012-10-17" for document in documents)


@pytest.mark.parametrize(
    ("issue", "change"),
    [
        ("UNKNOWN_ACTION", {"Action": "sagemaker:ApproveModelPackage"}),
        ("UNKNOWN_PREFIX", {"Action": "registry:UpdateModelPackage"}),
        (
            "UNKNOWN_CONDITION_FOR_ACTION",
            {"Condition": {"StringEquals": {"sagemaker:ModelApprovalStatus": "Approved"}}},
        ),
        ("MISMATCHED_TYPE", {"Condition": {"StringEquals": {"aws:SecureTransport": "yes"}}}),
        ("RESOURCE_MISMATCH", {"Resource": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/x"}),
        ("RESOURCE_STAR", {"Resource": "*"}),
    ],
)
def test_the_linter_finds_what_it_is_there_for(issue: str, change: dict[str, Any]) -> None:
    statement = {
        "Effect": "Allow",
        "Action": "sagemaker:DeleteModelPackage",
        "Resource": "arn:aws:sagemaker:us-east-1:123456789012:model-package/x/*",
    }
    document = Document("x", "PolicyDocument", {"Version": "2012-10-17", "Statement": [statement]})
    assert lint(document) == set()
    document.policy["Statement"] = [statement | change]
    assert issue in {finding.issue for finding in _unexplained(lint(document))}


def _unexplained(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if not any(ignored.covers(finding) for ignored in IGNORED)]
