"""Parameter Store Change events, whichever way a parameter changes: the API, or CloudFormation through it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.server import hooks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Answer = tuple[int, dict[str, str], bytes]
    Emit = Callable[[str, str, list[str], Mapping[str, object]], None]


def install(emit: Emit) -> None:
    """Send an event for each parameter that is created, updated or deleted (user guide, "Parameter Store events")."""
    put, delete, delete_many = (
        hooks.private(f"services.ssm.{name}")
        for name in ("_put_parameter", "_delete_parameter", "_delete_parameters")
    )

    def find(name: object) -> dict[str, Any] | None:
        found: dict[str, Any] | None = hooks.private("services.ssm._lookup_parameter")(name)[1]
        return found

    def announce(operation: str, parameter: dict[str, Any]) -> None:
        detail = {
            "operation": operation,
            "name": parameter["Name"],
            "type": parameter["Type"],
            "description": parameter.get("Description", ""),
        }
        emit("aws.ssm", "Parameter Store Change", [parameter["ARN"]], detail)

    def put_parameter(data: dict[str, Any]) -> Answer:
        before = find(data.get("Name"))
        answer: Answer = put(data)
        after = find(data.get("Name"))
        if answer[0] == 200 and after is not None:  # noqa: PLR2004 - HTTP's success
            announce("Update" if before else "Create", after)
        return answer

    def deleting(
        original: Callable[[dict[str, Any]], Answer], names: Callable[[dict[str, Any]], list[object]]
    ) -> Any:
        def delete_parameters(data: dict[str, Any]) -> Answer:
            before = [parameter for name in names(data) if (parameter := find(name))]
            answer = original(data)
            for parameter in before:
                if find(parameter["Name"]) is None:
                    announce("Delete", parameter)
            return answer

        return delete_parameters

    hooks.replace("services.ssm._put_parameter", put_parameter)
    hooks.replace("services.ssm._delete_parameter", deleting(delete, lambda data: [data.get("Name")]))
    hooks.replace(
        "services.ssm._delete_parameters", deleting(delete_many, lambda data: data.get("Names", []))
    )
