"""Objects in S3: read by the group's own role, and told why they cannot be."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    MissingDependencyException,
    ReadTimeoutError,
)

from lambdas.adapters.objects import Objects
from lambdas.core.errors import Unreadable

ROLE = "arn:aws:iam::123456789012:role/greenlight/churn-reader"
URI = "s3://models/churn/evaluation.json"


@pytest.fixture
def objects(moto: None) -> Objects:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="models")
    s3.put_object(Bucket="models", Key="churn/evaluation.json", Body=b'{"recall": 0.9}')
    return Objects(lambda: boto3.client("sts"), lambda credentials: boto3.client("s3", **credentials))  # type: ignore[call-overload] # a dict


def test_an_object_is_read(objects: Objects) -> None:
    assert objects.read(ROLE, URI, 1000) == b'{"recall": 0.9}'


def test_a_role_is_stepped_into_once_for_all_that_its_reader_reads(moto: None) -> None:
    s3, entered = boto3.client("s3"), []
    s3.create_bucket(Bucket="models")

    def step_in(credentials: dict[str, str]) -> Any:
        entered.append(credentials)
        return boto3.client("s3", **credentials)  # type: ignore[call-overload] # a dict

    read = Objects(lambda: boto3.client("sts"), step_in).reader(ROLE)
    for _ in range(2):
        with pytest.raises(Unreadable, match="is not there"):
            read(URI, 1000)
    s3.put_object(Bucket="models", Key="churn/evaluation.json", Body=b"{}")
    assert read(URI, 1000) == b"{}"
    assert len(entered) == 1


def test_without_a_role_an_object_is_read_as_oneself(moto: None) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="models")
    s3.put_object(Bucket="models", Key="churn/evaluation.json", Body=b"{}")

    def no_role() -> Any:
        raise AssertionError("a role was asked for")

    assert Objects(no_role, lambda own: boto3.client("s3", **own)).read(None, URI, 1000) == b"{}"  # type: ignore[call-overload] # a dict


@pytest.mark.parametrize(
    ("uri", "most", "says"),
    [
        ("s3://models/churn/other.json", 1000, "s3://models/churn/other.json is not there"),
        ("s3://other/churn/evaluation.json", 1000, "is not there"),
        (URI, 3, "has more than 3 bytes"),
        ("s3://models/", 1000, "is no object"),
        ("https://models/x", 1000, "is no object"),
        ("s3://my models/x", 1000, "is no object in a plain bucket"),
    ],
)
def test_what_cannot_be_read_is_told(objects: Objects, uri: str, most: int, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        objects.read(ROLE, uri, most)


class Failing:
    """A client of S3, or of STS, whose calls fail."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        def call(**request: Any) -> Any:
            raise self._error

        return call


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "GetObject")


@pytest.mark.parametrize("code", ["KMS.DisabledException", "KMS.NotFoundException", "InvalidObjectState"])
def test_whatever_else_keeps_an_object_from_being_read_is_told(moto: None, code: str) -> None:
    locked = Objects(lambda: boto3.client("sts"), lambda _: Failing(refusal(code)))
    with pytest.raises(Unreadable, match=f"cannot be read: {code}"):
        locked.read(ROLE, URI, 1000)


def test_what_the_role_may_not_read_is_told_with_the_role(moto: None) -> None:
    denied = Objects(lambda: boto3.client("sts"), lambda _: Failing(refusal("AccessDenied")))
    with pytest.raises(
        Unreadable, match="may not be read by arn:aws:iam::123456789012:role/greenlight/churn-reader"
    ):
        denied.read(ROLE, URI, 1000)


def test_a_role_that_may_not_be_taken_is_told(moto: None) -> None:
    denied = Objects(lambda: Failing(refusal("AccessDenied")), lambda _: None)
    with pytest.raises(Unreadable, match="churn-reader: AccessDenied"):
        denied.read(ROLE, URI, 1000)


@pytest.mark.parametrize("error", [refusal("SlowDown"), ReadTimeoutError(endpoint_url="s3")])
def test_what_is_not_answered_in_time_is_a_reason_once_the_client_gave_up(
    moto: None, error: Exception
) -> None:
    slow = Objects(lambda: boto3.client("sts"), lambda _: Failing(error))
    with pytest.raises(Unreadable, match=r"cannot be read: (SlowDown|ReadTimeoutError)"):
        slow.read(ROLE, URI, 1000)


@pytest.mark.parametrize(
    "error",
    [
        MissingDependencyException(msg="Using S3 access points requires awscrt"),
        EndpointConnectionError(endpoint_url="https://gone.s3.example"),
        UnicodeError("label too long"),
        RecursionError(),
        MemoryError(),
    ],
)
def test_whatever_the_client_raises_is_a_reason(moto: None, error: Exception) -> None:
    broken = Objects(lambda: boto3.client("sts"), lambda _: Failing(error))
    with pytest.raises(Unreadable, match=f"cannot be read: {type(error).__name__}"):
        broken.read(ROLE, URI, 1000)


@pytest.mark.parametrize(
    "uri",
    [
        "s3://arn:aws:s3:eu-west-1:123456789012:accesspoint:mine/report.json",
        "s3://arn:aws:s3-outposts:eu-west-1:123456789012:outpost/op-1/accesspoint/mine/report.json",
        "s3://mine--eu-west-1-s3alias/../x" + "y" * 1024,
        "s3://BUCKET/key",
        "s3://b/key",
        "s3://../key",
        "s3://" + "b" * 64 + "/key",
    ],
)
def test_only_plain_buckets_are_asked_and_nobody_before_that_is_checked(uri: str) -> None:
    def nobody(*_: Any) -> Any:
        raise AssertionError("AWS was asked")

    with pytest.raises(Unreadable, match="is no object in a plain bucket"):
        Objects(nobody, nobody).read(ROLE, uri, 1000)
