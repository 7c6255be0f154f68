"""SSM Parameter Store, with its change events."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.simulation.aws.client import pages
from tests.simulation.fate import refusal

Emit = Callable[[str, str, dict[str, Any]], None]
_PAGE = 10
MOST_BYTES = 4096  # of a standard parameter's value (user guide, "Managing parameter tiers")
_TOO_LONG = f"Standard tier parameters support a maximum parameter value of {MOST_BYTES} characters."


@dataclass(frozen=True)
class _Parameter:
    value: str
    version: int
    at: float
    by: str


class Parameters:
    """Parameters by name."""

    def __init__(self, now: Callable[[], float], emit: Emit) -> None:
        self._now, self._emit = now, emit
        self._parameters: dict[str, _Parameter] = {}

    def put(self, name: str, value: str, by: str) -> None:
        """Write one, of the standard tier as all of ours."""
        if len(value.encode()) > MOST_BYTES:
            raise refusal("PutParameter", "ValidationException", f"{name}: {_TOO_LONG}")
        before = self._parameters.get(name)
        version = before.version + 1 if before else 1
        self._parameters[name] = _Parameter(value, version, self._now(), by)
        self._changed(name, "Update" if before else "Create")

    def delete(self, name: str) -> None:
        """Delete one."""
        if self._parameters.pop(name, None) is not None:
            self._changed(name, "Delete")

    def _changed(self, name: str, operation: str) -> None:
        self._emit(
            "aws.ssm", "Parameter Store Change", {"name": name, "operation": operation, "type": "String"}
        )

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """GetParameters, GetParametersByPath or DescribeParameters."""
        match operation:
            case "GetParameters":
                found = [name for name in request["Names"] if name in self._parameters]
                missing = [name for name in request["Names"] if name not in self._parameters]
                return {"Parameters": [self._shown(name) for name in found], "InvalidParameters": missing}
            case "GetParametersByPath":
                below = sorted(name for name in self._parameters if name.startswith(request["Path"]))
                page, more = pages(below, _PAGE, request.get("NextToken"))
                answer: dict[str, Any] = {"Parameters": [self._shown(name) for name in page]}
                return answer | ({"NextToken": more} if more else {})
            case "DescribeParameters":
                (prefix,) = request["ParameterFilters"][0]["Values"]
                below = [name for name in self._parameters if name.startswith(prefix)]
                return {
                    "Parameters": [{"Name": n, "LastModifiedUser": self._parameters[n].by} for n in below]
                }
        raise refusal(operation, "UnknownOperation", operation)

    def _shown(self, name: str) -> dict[str, Any]:
        one = self._parameters[name]
        return {"Name": name, "Value": one.value, "Version": one.version, "LastModifiedDate": one.at}
