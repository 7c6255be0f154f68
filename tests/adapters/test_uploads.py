"""Uploads: each once, under its own name, never over what is there; a call made again makes no second version."""

import hashlib
from pathlib import Path
from typing import Any

import boto3
import pytest

from lambdas.adapters.registrations import register
from lambdas.adapters.uploads import Uploads
from lambdas.core.errors import NotOurs, Unreadable

CONTENT = b"a model"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
URI = f"s3://models/risk/{DIGEST}.tar.gz"


@pytest.fixture
def s3(moto: None) -> Any:
    client = boto3.client("s3")
    client.create_bucket(Bucket="models")
    return client


def test_content_is_put_once_from_bytes_or_a_file(s3: Any, tmp_path: Path) -> None:
    file = tmp_path / "model.tar.gz"
    file.write_bytes(CONTENT)
    uploads = Uploads(s3)
    assert uploads.put(URI, file, DIGEST, len(CONTENT))
    assert not uploads.put(URI, CONTENT, DIGEST, len(CONTENT))
    assert uploads.size(URI) == len(CONTENT)
    assert s3.get_object(Bucket="models", Key=f"risk/{DIGEST}.tar.gz")["Body"].read() == CONTENT


def test_what_else_lies_under_its_name_is_not_overwritten(s3: Any) -> None:
    s3.put_object(Bucket="models", Key=f"risk/{DIGEST}.tar.gz", Body=b"something else")
    with pytest.raises(NotOurs, match="14 bytes instead of 7"):
        Uploads(s3).put(URI, CONTENT, DIGEST, len(CONTENT))
    assert s3.get_object(Bucket="models", Key=f"risk/{DIGEST}.tar.gz")["Body"].read() == b"something else"


class Blind:
    """S3 to somebody who may put and not look."""

    def __init__(self, s3: Any) -> None:
        self._s3, self.puts = s3, 0

    def head_object(self, **_: Any) -> Any:
        return self._s3.head_object(Bucket="models", Key="nothing-there")

    def put_object(self, **request: Any) -> Any:
        self.puts += 1
        assert request["IfNoneMatch"] == "*"
        return self._s3.put_object(**request)


def test_whoever_may_not_look_overwrites_nothing_either(s3: Any) -> None:
    blind = Blind(s3)
    assert Uploads(blind).put(URI, CONTENT, DIGEST, len(CONTENT))
    assert not Uploads(blind).put(URI, CONTENT, DIGEST, len(CONTENT))
    assert blind.puts == 2


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("s3://models/none.tar.gz", "is not there"),
        ("s3://nowhere/x", "is not there"),
        ("s3://models", "must be s3://"),
    ],
)
def test_what_is_not_there_is_told(s3: Any, uri: str, told: str) -> None:
    with pytest.raises(Unreadable, match=told):
        Uploads(s3).size(uri)


class Registry:
    """SageMaker, as far as registering goes; keeps the requests."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    def create_model_package(self, **request: Any) -> dict[str, str]:
        self.requests.append(request)
        return {"ModelPackageArn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/risk/1"}


def test_a_version_is_registered_as_pending_and_the_same_request_has_the_same_token() -> None:
    registry: Any = Registry()
    for text in ("one", "one", "other"):
        asked = {"ModelPackageGroupName": "risk", "ModelPackageDescription": text}
        asked["ModelApprovalStatus"] = "Approved"
        assert register(registry, asked).endswith("risk/1")
    assert {one["ModelApprovalStatus"] for one in registry.requests} == {"PendingManualApproval"}
    first, again, other = (one["ClientToken"] for one in registry.requests)
    assert first == again != other
    assert len(first) == 36
