"""Whether a caller is an approver of a group, and whether two callers are one person."""

import pytest

from lambdas.core.identity import Identity, is_approver, same_person
from tests.builders import ACCOUNT, GROUP


def session(role: str, name: str, source: str | None = None) -> Identity:
    return Identity(f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}", source)


APPROVING, REGISTERING = f"{GROUP}-approver", f"{GROUP}-registrant"


def test_a_session_of_the_groups_approver_role_is_an_approver() -> None:
    assert is_approver(session(APPROVING, "ann"), GROUP, ACCOUNT)


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:sts::999999999999:assumed-role/{APPROVING}/ann",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/{REGISTERING}/ann",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/x-{APPROVING}/ann",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/{APPROVING}",
        f"arn:aws:sts::{ACCOUNT}:federated-user/{APPROVING}/ann",
        f"arn:aws:iam::{ACCOUNT}:user/{APPROVING}/ann",
        f"arn:aws:iam::{ACCOUNT}:role/greenlight/{APPROVING}",
        f"arn:aws:iam::{ACCOUNT}:root",
        "sagemaker.amazonaws.com",
        "",
    ],
)
def test_nobody_else_is(arn: str) -> None:
    assert not is_approver(Identity(arn), GROUP, ACCOUNT)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (session(APPROVING, "ann"), session(REGISTERING, "ann")),
        (session(APPROVING, "Ann@example.com"), session(REGISTERING, "ann@EXAMPLE.com")),
        (session(APPROVING, "x", "ann"), session(REGISTERING, "y", "ann")),
        (session(APPROVING, "ann"), session(REGISTERING, "y", "ann")),
        (session(APPROVING, "x", "ann"), session(REGISTERING, "ann")),
        (session(APPROVING, "ann"), Identity(f"arn:aws:iam::{ACCOUNT}:user/people/ann")),
    ],
)
def test_one_person_in_two_roles_is_one_person(one: Identity, other: Identity) -> None:
    assert same_person(one, other)
    assert same_person(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (session(APPROVING, "ann"), session(REGISTERING, "rob")),
        (session(APPROVING, "SageMaker", "ann"), session(REGISTERING, "SageMaker", "rob")),
        (session(APPROVING, "ann", "ann"), session(REGISTERING, "x", "rob")),
        (session(APPROVING, "ann"), Identity(f"arn:aws:iam::{ACCOUNT}:user/ann/rob")),
    ],
)
def test_two_people_are_two(one: Identity, other: Identity) -> None:
    assert not same_person(one, other)
    assert not same_person(other, one)


def test_an_identity_is_told_with_its_source() -> None:
    assert str(session(APPROVING, "x", "ann")).endswith("/x (source identity ann)")
