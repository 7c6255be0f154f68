"""The body of an answer that is an error."""

import json


def failure(error: str, message: str) -> bytes:
    """JSON with the keys that the framework containers use (aws/sagemaker-containers, _transformer.py).

    A stack trace is in the container's log only.
    """
    return json.dumps({"error": error, "error-message": message}).encode()
