"""SageMaker Runtime: InvokeEndpoint and InvokeEndpointAsync, answered as the version behaves that takes the traffic."""

import io
import itertools
from collections.abc import Callable, Mapping
from typing import Any

from tests.simulation.fate import refusal

SOUND, ERRS, DOES_NOT_START, ANSWERS_WRONGLY = "sound", "errs", "does-not-start", "answers-wrongly"
_ANSWERS = {SOUND: b"1", ANSWERS_WRONGLY: b'"?"'}


class Inference:
    """Answers requests.

    Args:
        serving: the configs that take an endpoint's traffic, with their shares.
        kind_of: how the version behind a config behaves.
    """

    def __init__(self, serving: Callable[[str], Mapping[str, float]], kind_of: Callable[[str], str]) -> None:
        self._serving, self._kind_of = serving, kind_of
        self._number = itertools.count(1)
        self.silent = 0  # requests to an asynchronous endpoint that still have no answer
        self.answers: dict[str, bytes] = {}  # of asynchronous endpoints, by their URI

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """InvokeEndpoint, by whichever takes most of the traffic."""
        name = request["EndpointName"]
        shares = self._serving(name)
        if not shares:
            raise refusal(operation, "ValidationError", f"Endpoint {name} of account not found.")
        kind = self._kind_of(max(shares, key=lambda config: shares[config]))
        if operation == "InvokeEndpointAsync":
            return self._later(kind)
        if kind == ERRS:
            more = {"OriginalStatusCode": 500, "OriginalMessage": "it errs"}
            raise refusal(operation, "ModelError", "Received server error (500) from model", 424, **more)
        return {"Body": io.BytesIO(_ANSWERS[kind])}

    def _later(self, kind: str) -> dict[str, Any]:
        number = next(self._number)
        output, failure = (f"s3://answers/churn/{number}{end}" for end in (".out", "-error.out"))
        if self.silent > 0:
            self.silent -= 1
        elif kind == ERRS:
            self.answers[failure] = b"it errs"
        else:
            self.answers[output] = _ANSWERS[kind]
        return {"InferenceId": str(number), "OutputLocation": output, "FailureLocation": failure}
