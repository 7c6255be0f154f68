"""Whether a caller is an approver of a group, and whether two callers are one person."""

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.core.identity import Identity, folded, is_approver, name_of, same_person
from tests.builders import ACCOUNT, GROUP

ROLE = f"arn:aws:iam::{ACCOUNT}:role/greenlight/{GROUP}-endpoint"
SECURITY = (Path(__file__).parents[2] / "docs" / "security.md").read_text()

# What AWS takes in names of users and sessions [IAM and STS API references].
NAMES = st.from_regex(r"[A-Za-z0-9_+=,.@-]{2,20}", fullmatch=True)
# Ways of writing a character that are no other name: Cyrillic, full-width, with marks, with what does not show.
SPELLINGS = (
    lambda one: one,
    str.upper,
    str.lower,
    lambda one: chr(ord(one) + 0xFEE0),
    lambda one: one + "\N{COMBINING ACUTE ACCENT}",
    lambda one: one + "\N{ZERO WIDTH JOINER}",
    lambda one: "\N{WORD JOINER}" + one,
    lambda one: one + "\N{SOFT HYPHEN}",
    lambda one: one + "\N{VARIATION SELECTOR-1}",
    lambda one: one + "\N{HANGUL FILLER}",
    lambda one: " " + one,
    lambda one: one.translate(str.maketrans("aeopcxyi", "аеорсхуі")),  # noqa: RUF001 - that is the point
    lambda one: one.translate(str.maketrans("0o1lIi|", "o0lI1|i")),
)


def session(role: str, name: str, source: str | None = None) -> Identity:
    return Identity(f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}", source)


APPROVING, REGISTERING = f"{GROUP}-approver", f"{GROUP}-registrant"


def test_a_session_of_the_groups_approver_role_is_an_approver() -> None:
    assert is_approver(session(APPROVING, "ann"), GROUP, ROLE)


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:sts::999999999999:assumed-role/{APPROVING}/ann",
        f"arn:aws-cn:sts::{ACCOUNT}:assumed-role/{APPROVING}/ann",
        f"arn:aws-us-gov:sts::{ACCOUNT}:assumed-role/{APPROVING}/ann",
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
    assert not is_approver(Identity(arn), GROUP, ROLE)


def test_an_approver_is_of_the_groups_own_partition() -> None:
    china = Identity(f"arn:aws-cn:sts::{ACCOUNT}:assumed-role/{APPROVING}/ann")
    assert is_approver(china, GROUP, ROLE.replace("arn:aws:", "arn:aws-cn:"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (session(APPROVING, "ann"), session(REGISTERING, "ann")),
        (session(APPROVING, "Ann@example.com"), session(REGISTERING, "ann@EXAMPLE.com")),
        (session(APPROVING, "x", "ann"), session(REGISTERING, "y", "ann")),
        (session(APPROVING, "ann"), session(REGISTERING, "y", "ann")),
        (session(APPROVING, "x", "ann"), session(REGISTERING, "ann")),
        (session(APPROVING, "ann"), Identity(f"arn:aws:iam::{ACCOUNT}:user/people/ann")),
        (session(APPROVING, "ann", "Ann@corp.com"), session(REGISTERING, "ann", "ann@corp.com")),
        (session(APPROVING, "ann"), session(REGISTERING, "ann@corp.com")),
        (session(APPROVING, "x", "ann@corp.com"), session(REGISTERING, "ann")),
        (session(APPROVING, "x", "ann@corp.com"), session(REGISTERING, "y", "ann")),
        (session(APPROVING, "ann-marie"), session(REGISTERING, "аnn-mаriе")),  # noqa: RUF001 - Cyrillic
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
        (session(APPROVING, "ann@corp.com"), session(REGISTERING, "ann@corp.org")),
        (session(APPROVING, "ann", "ann@corp.com"), session(REGISTERING, "ann", "ann@corp.org")),
        (session(APPROVING, "corp.com"), session(REGISTERING, "ann@corp.com")),
        (session(APPROVING, "u1001"), session(REGISTERING, "u1010")),
        (session(APPROVING, "ann"), Identity(f"arn:aws:iam::{ACCOUNT}:root")),
    ],
)
def test_two_people_are_two(one: Identity, other: Identity) -> None:
    assert not same_person(one, other)
    assert not same_person(other, one)


def test_an_identity_is_told_with_its_source() -> None:
    assert str(session(APPROVING, "x", "ann")).endswith("/x (source identity ann)")


@st.composite
def spelled(draw: st.DrawFn, name: str) -> str:
    """The name, each character written in one of the ways that make no other name of it."""
    ways = draw(st.lists(st.sampled_from(SPELLINGS), min_size=len(name), max_size=len(name)))
    return "".join(way(one) for way, one in zip(ways, name, strict=True))


@given(st.data(), NAMES)
def test_one_name_is_one_person_however_it_is_spelled(data: st.DataObject, name: str) -> None:
    other = data.draw(spelled(name))
    assert folded(other) == folded(name)
    assert same_person(session(APPROVING, name), session(REGISTERING, other))
    assert same_person(session(APPROVING, "x", name), session(REGISTERING, "y", other))
    assert same_person(session(APPROVING, "x", name), session(REGISTERING, other))


@given(st.text())
def test_composed_or_not_a_name_is_the_same_and_folding_it_again_changes_nothing(name: str) -> None:
    assert folded(folded(name)) == folded(name)
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert folded(unicodedata.normalize(form, name)) == folded(name)


PEOPLE = st.builds(Identity, st.text() | st.builds(lambda n: session("r", n).arn, NAMES), st.none() | NAMES)


@given(PEOPLE, PEOPLE)
def test_whether_two_are_one_person_does_not_depend_on_who_is_named_first(
    one: Identity, other: Identity
) -> None:
    assert same_person(one, other) == same_person(other, one)


@given(PEOPLE)
def test_everybody_is_the_same_person_as_oneself(one: Identity) -> None:
    assert same_person(one, one)


def test_where_cloudtrail_has_no_arn_the_sessions_name_follows_the_principals_id() -> None:
    assert name_of(Identity("AROAEXAMPLE:ann")) == "ann"
    assert same_person(Identity("AROAEXAMPLE:ann"), session(APPROVING, "Ann"))


def table(header: str) -> list[list[str]]:
    """The rows of a table of docs/security.md, as cells."""
    _, _, rest = SECURITY.partition(f"\n{header}\n")
    rows = rest.split("\n\n", 1)[0].splitlines()[1:]
    assert rows, f"no table {header}"
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


KINDS = table("| kind | ARN as AWS gives it | what names the person | source identity | what it is worth |")
PAIRS = table("| one | other | same person? | why |")


@pytest.mark.parametrize(("arn", "name"), [row[1:3] for row in KINDS], ids=[row[0] for row in KINDS])
def test_the_documentation_says_what_names_a_person(arn: str, name: str) -> None:
    assert f"`{name_of(Identity(arn.strip('`')))}`" == name


@pytest.mark.parametrize(("one", "other", "same"), [row[:3] for row in PAIRS])
def test_the_documentation_says_who_is_the_same_person(one: str, other: str, same: str) -> None:
    assert same in {"yes", "no"}
    assert (
        same_person(caller(one), caller(other)) == same_person(caller(other), caller(one)) == (same == "yes")
    )


def caller(cell: str) -> Identity:
    """A caller as the documentation shortens it: the resource of an ARN, or a service, and a source identity."""
    resource, *source = re.findall("`([^`]+)`", cell)
    if resource.endswith(".amazonaws.com"):
        return Identity(resource)
    service = "iam" if resource.startswith(("user/", "root")) else "sts"
    return Identity(f"arn:aws:{service}::{ACCOUNT}:{resource}", *source)
