"""How long a parameter of Parameter Store may be, which ministack leaves open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.server import hooks

if TYPE_CHECKING:
    from local.server.requests import Answer

_MOST = {
    "Standard": 4096,
    "Advanced": 8192,
    "Intelligent-Tiering": 8192,
}  # bytes (user guide, "Managing parameter tiers")
_PUT = "services.ssm._put_parameter"


def install() -> None:
    """Refuse what is longer than its tier allows, as AWS does."""
    put = hooks.private(_PUT)

    def put_parameter(data: dict[str, Any]) -> Answer:
        tier = str(data.get("Tier", "Standard"))
        most = _MOST.get(tier)
        if most is not None and len(str(data.get("Value", "")).encode()) > most:
            text = (
                f"{tier} tier parameters support a maximum parameter value of {most} characters. To create a larger"
                " parameter value, upgrade the parameter to use the advanced-parameter tier."
            )
            from ministack.core.responses import error_response_json  # noqa: PLC0415 - reads settings at import

            refused: Answer = error_response_json("ValidationException", text, 400)
            return refused
        answer: Answer = put(data)
        return answer

    hooks.replace(_PUT, put_parameter)
