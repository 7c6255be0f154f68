"""CloudFormation's AWS::IAM::Role with its permissions boundary, which ministack drops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.server import hooks
from local.server.cloudformation import require

if TYPE_CHECKING:
    from local.server.cloudformation import Made, Properties


def install() -> None:
    """Set, change and take away the boundary of a role; a boundary that is not there fails the stack."""
    handlers = hooks.private("services.cloudformation.provisioners._RESOURCE_HANDLERS")
    original = dict(handlers["AWS::IAM::Role"])

    def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
        name, attributes = original["create"](logical_id, properties, stack_name)
        try:
            _bound(name, properties)
        except ValueError:
            original["delete"](name, properties)
            raise
        return name, attributes

    def update(
        ref: str, old: Properties, new: Properties, stack_name: str, logical_id: str | None = None
    ) -> Made:
        name, attributes = original["update"](ref, old, new, stack_name, logical_id)
        _bound(name, new)
        return name, attributes

    handlers["AWS::IAM::Role"] = {**original, "create": create, "update": update}


def _bound(name: str, properties: Properties) -> None:
    boundary = properties.get("PermissionsBoundary")
    if boundary:
        put = hooks.private("services.iam._put_role_permissions_boundary")
        answer = put({"RoleName": name, "PermissionsBoundary": boundary})
        require(answer, f"role {name} PermissionsBoundary {boundary}")
    else:
        hooks.private("services.iam._roles")[name]["PermissionsBoundary"] = None
