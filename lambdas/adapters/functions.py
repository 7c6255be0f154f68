"""Functions of ours, called by people's commands."""

from __future__ import annotations

import json
from typing import Any

from lambdas.adapters.aws import aws_errors
from lambdas.core.errors import Permanent


def invoke(lambda_: Any, function: str, payload: dict[str, Any]) -> dict[str, Any]:
    """Call a function and wait for what it answers (Invoke).

    Raises:
        Permanent: it failed; with what it said.
    """
    with aws_errors(f"calling function {function}"):
        answer = lambda_.invoke(FunctionName=function, Payload=json.dumps(payload).encode())
    said: dict[str, Any] = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise Permanent(f"function {function} failed: {said.get('errorMessage', said)}")
    return said
