"""A session of each role of the matrix, got as its trust policy lets it, or let in for a moment."""

import json
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from infra.policies.organization import organization_policy
from lambdas.core.names import AUDITOR, BOUNDARY, BREAK_GLASS, ROLE_PATH, function_role_name, role_name
from local.aws import LocalAws
from local.demo.people import APPROVER, SCIENTIST, Person
from tests.e2e.matrix.stage import A, B, C

_ONE_TRY = Config(retries={"total_max_attempts": 1, "mode": "standard"}, parameter_validation=False)
Credentials = dict[str, str]


@dataclass(frozen=True)
class Office:
    """A column: the role, and who steps into it; None: only services do, so root is let in for the moment."""

    role: str
    person: Person | None = None


OFFICES = {
    "registrant": Office(role_name(A, "registrant"), SCIENTIST),
    "registrant of B": Office(role_name(B, "registrant"), SCIENTIST),
    "approver": Office(role_name(A, "approver"), APPROVER),
    "approver of B": Office(role_name(B, "approver"), APPROVER),
    "approver of C": Office(role_name(C, "approver"), APPROVER),
    "endpoint": Office(role_name(A, "endpoint")),
    "reader": Office(role_name(A, "reader")),
    "monitoring": Office(role_name(A, "monitoring")),
    "reconcile": Office(function_role_name("reconcile")),
    "sweep": Office(function_role_name("sweep")),
    "announce": Office(function_role_name("announce")),
    "retrain": Office(function_role_name("retrain")),
    "dashboard": Office(function_role_name("dashboard")),
    "auditor": Office(AUDITOR),
    "break-glass": Office(BREAK_GLASS),
}
ADMINISTRATOR, BOUNDED, ORGANIZED = "administrator", "bounded", "under org policy"
ADMINISTRATORS = {ADMINISTRATOR: "matrix-admin", BOUNDED: "matrix-bounded", ORGANIZED: "matrix-organized"}
"""Whom IAM lets do everything: with nothing else, with the boundary, under the organisation policy; and their roles."""

COLUMNS = frozenset({*OFFICES, *ADMINISTRATORS})


class Sessions:
    """Clients by column and service; each session and each client is made once."""

    def __init__(self, aws: LocalAws) -> None:
        self._aws = aws
        self._boto = boto3.session.Session(
            region_name=aws.region
        )  # one, so that service models are read once
        self._clients: dict[tuple[str, str], Any] = {}
        self._credentials: dict[str, Credentials] = {}

    def client(self, column: str, service: str) -> Any:
        """A client of a service in the session of a column's role."""
        if column not in self._credentials:
            self._credentials[column] = self._step_in(column)
        if (column, service) not in self._clients:
            self._clients[column, service] = self._client(column, service)
        return self._clients[column, service]

    def _client(self, column: str, service: str) -> Any:
        return self._boto.client(  # type: ignore[call-overload] # the service is the caller's choice
            service, endpoint_url=self._aws.endpoint, config=_ONE_TRY, **self._credentials[column]
        )

    def _step_in(self, column: str) -> Credentials:
        if column in ADMINISTRATORS:
            return self._assumed(self._aws.client("sts"), self._hire(column))
        office = OFFICES[column]
        arn = f"arn:aws:iam::{self._aws.account}:role{ROLE_PATH}{office.role}"
        if office.person is None:
            return self._let_in(office.role, arn)
        company = self._aws.client("sts", role=office.person.company_role, session_name=office.person.name)
        return self._assumed(company, arn)

    def _let_in(self, name: str, arn: str) -> Credentials:
        """Let root into a role for the moment of stepping in; its trust policy is put back at once."""
        iam = self._aws.client("iam")
        trusted = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
        wider = {**trusted, "Statement": [*trusted["Statement"], self._root()]}
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(wider))
        try:
            return self._assumed(self._aws.client("sts"), arn)
        finally:
            iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trusted))

    def _hire(self, column: str) -> str:
        """An administrator. The local AWS has no organisation: its policy stands among the role's own, where a denial
        counts the same."""
        iam, name = self._aws.client("iam"), ADMINISTRATORS[column]
        everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        limits = organization_policy()["Statement"] if column == ORGANIZED else []
        bound = f"arn:aws:iam::{self._aws.account}:policy{ROLE_PATH}{BOUNDARY}"
        made = iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=_document(self._root()),
            **({"PermissionsBoundary": bound} if column == BOUNDED else {}),
        )
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=_document(everything, *limits))
        return str(made["Role"]["Arn"])

    def _root(self) -> dict[str, Any]:
        principal = {"AWS": f"arn:aws:iam::{self._aws.account}:root"}
        return {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}

    @staticmethod
    def _assumed(sts: Any, arn: str) -> Credentials:
        answer = sts.assume_role(RoleArn=arn, RoleSessionName="matrix")["Credentials"]
        return {
            "aws_access_key_id": answer["AccessKeyId"],
            "aws_secret_access_key": answer["SecretAccessKey"],
            "aws_session_token": answer["SessionToken"],
        }


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
