"""The table of AWS's answers: each row holds for its own example, and none blames a version for what is not its own."""

from itertools import product

import pytest

from lambdas.core.answers import CALLS, FAILURES, Answer, Blame, blame_of_call, blame_of_failure, spec_key

CALL_ROWS = [
    (row, code, operation)
    for row in CALLS
    for code, operation in product(row.codes or ("SomethingNew",), sorted(row.operations) or ("CreateModel",))
]


@pytest.mark.parametrize(
    ("row", "code", "operation"),
    CALL_ROWS,
    ids=[f"{row.blame}-{code}-{operation}-{row.example[:40]}" for row, code, operation in CALL_ROWS],
)
def test_a_call_is_answered_as_its_row_says(row: Answer, code: str, operation: str) -> None:
    code = code.rstrip("*") + ("Exception" if code.endswith("*") else "")
    assert blame_of_call(code, row.example, operation, row.status) is row.blame


@pytest.mark.parametrize("row", FAILURES, ids=lambda row: row.example[:50])
def test_an_endpoints_failure_is_whose_its_row_says(row: Answer) -> None:
    assert blame_of_failure(row.example) is row.blame


@pytest.mark.parametrize("row", [*CALLS, *FAILURES], ids=lambda row: row.example[:50])
def test_each_row_says_where_it_is_from(row: Answer) -> None:
    assert row.source
    assert row.example
    assert all(word == word.lower() for word in row.words)
    assert row.codes or row.words or row.pattern or row.status, "else it would fit everything"


@pytest.mark.parametrize("row", [*CALLS, *FAILURES], ids=lambda row: row.example[:50])
def test_what_is_the_specs_names_its_key(row: Answer) -> None:
    assert bool(row.key) is (row.blame is Blame.SPEC)
    if row.key:
        assert spec_key(row.example) == row.key


def test_words_that_no_row_has_blame_nobody() -> None:
    assert (
        blame_of_call("ValidationException", "Words that nobody has seen before", "CreateModel")
        is Blame.UNKNOWN
    )


def test_a_request_that_is_wrong_in_itself_blames_nobody() -> None:
    text = (
        "1 validation error detected: Value 'x' at 'endpointName' failed to satisfy constraint: Member must …"
    )
    assert blame_of_call("ValidationException", text, "UpdateEndpoint") is Blame.UNKNOWN


def test_the_same_words_of_another_operation_are_not_the_specs() -> None:
    text = "The subnet ID 'subnet-1' does not exist"
    assert blame_of_call("ValidationException", text, "CreateModel") is Blame.SPEC
    assert blame_of_call("ValidationException", text, "DeleteModel") is Blame.UNKNOWN


def test_an_explicit_deny_does_not_pass() -> None:
    text = (
        "User: u is not authorized to perform: sagemaker:UpdateEndpoint on resource: r with an explicit deny"
    )
    assert blame_of_call("AccessDeniedException", text, "UpdateEndpoint") is Blame.DENIED


def test_an_alarms_name_excuses_no_version() -> None:
    for name in ("kms not authorized", "service limit", "internal error", "insufficientinstancecapacity"):
        reason = f"The following alarms went into ALARM state: {name}."
        assert blame_of_failure(reason) is Blame.VERSION


@pytest.mark.parametrize("reason", [None, "", "Words that nobody has seen before"])
def test_a_fleet_that_was_given_up_for_no_known_reason_is_the_versions(reason: str | None) -> None:
    assert blame_of_failure(reason) is Blame.VERSION


@pytest.mark.parametrize(
    "place", ["s3://b/my run is being here/m.tar.gz", "s3://b/could not assume role/x", "s3://b/in progress"]
)
def test_the_words_of_a_place_that_a_registrant_names_are_nobodys(place: str) -> None:
    said = f'Could not find model data at "{place}".'
    assert blame_of_call("ValidationException", said, "CreateModel") is blame_of_call(
        "ValidationException", 'Could not find model data at "s3://b/m.tar.gz".', "CreateModel"
    )


@pytest.mark.parametrize(
    "words", ["service limit", "internal error", "unable to provision requested ml compute capacity"]
)
def test_a_container_that_does_not_answer_is_the_versions_whatever_else_the_reason_says(words: str) -> None:
    reason = (
        f"The primary container for production variant AllTraffic did not pass the ping health check. {words}"
    )
    assert blame_of_failure(reason) is Blame.VERSION
