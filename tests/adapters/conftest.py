"""Clients that reach nothing: moto in process, or botocore's Stubber, which validates every request."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber
from moto import mock_aws

from local.sagemaker.documented import objections


@pytest.fixture(autouse=True)
def _no_real_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture
def moto() -> Iterator[None]:
    with mock_aws():
        yield


class Stubbed:
    """A client whose next answers are laid out; each request is validated by botocore and must be as expected."""

    def __init__(self, service: str) -> None:
        self.client: Any = boto3.client(service)  # type: ignore[call-overload] # any service's name
        self.stub = Stubber(self.client)
        self.stub.activate()

    def answers(self, operation: str, answer: dict[str, Any] | None = None, **request: Any) -> None:
        """The next call must be this operation with exactly this request."""
        model = self.client.meta.service_model
        of = model.operation_model(self.client.meta.method_to_api_mapping[operation])
        assert not objections(of, {k: v for k, v in request.items() if v is not ANY})
        self.stub.add_response(operation, answer or {}, request)

    def refuses(self, operation: str, code: str, text: str = "", status: int = 400) -> None:
        """The next call must be this operation, and fails."""
        self.stub.add_client_error(operation, code, text, status)

    def done(self) -> None:
        """All that was laid out was asked for."""
        self.stub.assert_no_pending_responses()


@pytest.fixture
def sagemaker() -> Iterator[Stubbed]:
    stubbed = Stubbed("sagemaker")
    yield stubbed
    stubbed.done()


@pytest.fixture
def autoscaling() -> Iterator[Stubbed]:
    stubbed = Stubbed("application-autoscaling")
    yield stubbed
    stubbed.done()
