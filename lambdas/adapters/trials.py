"""Smoke tests: one request to an endpoint (InvokeEndpoint, InvokeEndpointAsync), and whether its answer is right."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ParamValidationError, ReadTimeoutError

from lambdas.adapters.aws import aws_errors, code_of
from lambdas.core.errors import GreenlightError, Unreadable
from lambdas.core.facts import Outcome, Trial
from lambdas.core.spec import EndpointMode

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdas.core.facts import Probe

_TRIES = 2  # a container that has just taken over may stumble over its first request
_PAUSE = 2.0  # seconds between them
_MOST_SHOWN = 200  # characters of what a model says that go into the ledger
_OK = 200
_QUEUED = 60  # seconds until a request that no instance took up is dropped: the least that AWS takes [B]
_ASKING = 10  # seconds that InvokeEndpointAsync may take to take a request in
_LOOK = 1.0  # seconds between two looks for an answer in S3
_LARGEST = 6_000_000  # bytes of an answer that is read from S3: as much as InvokeEndpoint gives at once


class Trials:
    """Makes smoke tests.

    Args:
        runtime: gives the client of SageMaker Runtime whose read time-out is so many seconds, and that does not repeat
            by itself what was not answered in time; made only when it is needed.
        reader: gives, for a role, what reads an object of S3 by its URI and with at most so many bytes, or raises
            Unreadable.
        sleep: takes seconds.
        clock: seconds, that only grow.
    """

    def __init__(
        self,
        runtime: Callable[[int], Any],
        reader: Callable[[str | None], Callable[[str, int], bytes]],
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runtime, self._reader, self._sleep, self._clock = runtime, reader, sleep, clock

    def make(self, probe: Probe) -> Trial:
        """Ask once, and once more if the first answer is no good; where an asynchronous endpoint is silent, only once.

        Returns:
            Passed or failed by what the model answered; inconclusive where AWS did not let the request through.
        """
        trial = self._ask(probe, probe.seconds + probe.cold_start)
        asynchronous = probe.mode is EndpointMode.ASYNCHRONOUS
        for _ in range(_TRIES - 1):
            if trial.outcome is Outcome.PASSED or (asynchronous and trial.outcome is Outcome.INCONCLUSIVE):
                break
            self._sleep(_PAUSE)
            trial = self._ask(probe, probe.seconds)
        return trial

    def _ask(self, probe: Probe, seconds: int) -> Trial:
        request: dict[str, Any] = {"EndpointName": probe.endpoint, "Body": probe.body}
        if probe.content_type is not None:
            request["ContentType"] = probe.content_type
        if probe.accept is not None:
            request["Accept"] = probe.accept
        try:
            with aws_errors(f"invoking endpoint {probe.endpoint}"):
                if probe.mode is EndpointMode.ASYNCHRONOUS:
                    return self._later(probe, request)
                status, body = self._answer(seconds, request)
        except _SilentError:
            return Trial(Outcome.FAILED, f"no answer within {seconds} s")
        except GreenlightError as error:
            return Trial(Outcome.INCONCLUSIVE, str(error))
        return judged(probe, status, body)

    def _answer(self, seconds: int, request: dict[str, Any]) -> tuple[int, bytes]:
        """The model's own status and answer; a model that errs is an answer too (ModelError [B])."""
        try:
            answer = self._runtime(seconds).invoke_endpoint(**request)
            with answer["Body"] as body:
                return _OK, bytes(body.read())
        except ClientError as error:
            if code_of(error) != "ModelError":
                raise
            told: Any = error.response
            return int(told.get("OriginalStatusCode", 0)), str(told.get("OriginalMessage", "")).encode()
        except ReadTimeoutError as error:
            raise _SilentError from error

    def _later(self, probe: Probe, request: dict[str, Any]) -> Trial:
        """What an asynchronous endpoint puts into S3; none within its seconds says nothing: the queue may be long."""
        request |= {"RequestTTLSeconds": _QUEUED}
        try:
            asked = self._runtime(_ASKING).invoke_endpoint_async(**request)
        except ParamValidationError as error:
            # Lambda's own SDK may be older than requests that come with the call.
            return Trial(Outcome.INCONCLUSIVE, f"this SDK cannot ask an asynchronous endpoint: {error}")
        read, until, why = self._reader(probe.reader), self._clock() + probe.seconds, ""
        while self._clock() < until:
            self._sleep(_LOOK)
            try:
                return judged(probe, _OK, read(asked["OutputLocation"], _LARGEST))
            except Unreadable as error:
                why = str(error)
            try:
                failure = read(asked.get("FailureLocation", ""), _LARGEST)
            except Unreadable:
                continue
            said = failure.decode(errors="replace")[:_MOST_SHOWN]
            return Trial(Outcome.FAILED, f"the model failed: {said}")
        return Trial(Outcome.INCONCLUSIVE, f"no answer within {probe.seconds} s: {why}")


class _SilentError(Exception):
    """The model did not answer in time."""


def judged(probe: Probe, status: int, body: bytes) -> Trial:
    """Whether an answer is what the smoke test asks for."""
    if status != probe.status:
        said = body.decode(errors="replace")[:_MOST_SHOWN]
        return Trial(Outcome.FAILED, f"the model answered {status} instead of {probe.status}: {said}")
    if probe.answer is None:
        return Trial(Outcome.PASSED, f"the model answered {status}")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        return Trial(Outcome.FAILED, f"its answer is not JSON: {error}")
    return _by_schema(probe.answer, value)


def _by_schema(schema: str, value: object) -> Trial:
    """Judge by the group's JSON Schema, which was compiled once already before it was deployed."""
    import fastjsonschema  # noqa: PLC0415 - needed by groups with a schema only, and no cold start should pay for it

    try:
        fastjsonschema.compile(json.loads(schema), handlers=_NO_REFERENCES)(value)
    except fastjsonschema.JsonSchemaValueException as error:
        return Trial(Outcome.FAILED, f"its answer is not by the schema: {str(error)[:_MOST_SHOWN]}")
    except (fastjsonschema.JsonSchemaDefinitionException, ValueError, RecursionError) as error:
        return Trial(Outcome.INCONCLUSIVE, f"the group's schema of the answer cannot be used: {error}")
    return Trial(Outcome.PASSED, "the model's answer is by the schema")


def _refused(uri: str) -> object:
    raise ValueError(f"it refers to {uri}, which is not looked up")


_NO_REFERENCES = dict.fromkeys(("http", "https", "ftp", "file", ""), _refused)
