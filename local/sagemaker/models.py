"""Models: what is to run, by image and artifact or by model package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.sagemaker.copies import copied
from local.sagemaker.errors import existing, invalid
from local.sagemaker.packages import the_package
from local.sagemaker.paging import chosen, ordered, page
from local.sagemaker.ports import Container
from local.sagemaker.state import Model, find_model
from local.sagemaker.tags import given

if TYPE_CHECKING:
    from local.sagemaker.account import Account
    from local.sagemaker.caller import Caller
    from local.sagemaker.state import Fields

_SORTED_BY = {"Name": "ModelName", "CreationTime": "CreationTime"}
_KEPT = (
    "PrimaryContainer",
    "Containers",
    "InferenceExecutionConfig",
    "ExecutionRoleArn",
    "VpcConfig",
    "EnableNetworkIsolation",
)


def create_model(account: Account, request: Fields, _caller: Caller) -> Fields:
    """CreateModel: its role must be assumable, its packages usable, its artifacts there."""
    name = request["ModelName"]
    arn = account.arn("model", name)
    if name.lower() in account.state.models:
        raise existing("model", arn)
    containers = containers_of(account, _definitions(request))
    _check_access(account, request.get("ExecutionRoleArn"), containers)
    fields = {member: copied(request[member]) for member in _KEPT if member in request}
    fields |= {"ModelName": name, "ModelArn": arn, "CreationTime": account.now}
    fields.setdefault("EnableNetworkIsolation", False)
    account.state.models[name.lower()] = Model(
        name, arn, account.now, fields, given(request), tuple(containers)
    )
    return {"ModelArn": arn}


def describe_model(account: Account, request: Fields, _caller: Caller) -> Fields:
    """DescribeModel."""
    return copied(the_model(account, request["ModelName"]).fields)


def delete_model(account: Account, request: Fields, _caller: Caller) -> Fields:
    """DeleteModel: also while an endpoint runs it, as AWS does."""
    the_model(account, request["ModelName"])
    del account.state.models[request["ModelName"].lower()]
    return {}


def list_models(account: Account, request: Fields, _caller: Caller) -> Fields:
    """ListModels."""
    items: list[dict[str, Any]] = [
        {"ModelName": model.name, "ModelArn": model.arn, "CreationTime": model.created}
        for model in account.state.models.values()
    ]
    found = chosen(items, request, name="ModelName")
    return page(ordered(found, request, _SORTED_BY, ascending=False), request, "ListModels", "Models")


def the_model(account: Account, name: str) -> Model:
    """A model that must be there."""
    return find_model(account.state, name, account.arn("model", name))


def containers_to_deploy(account: Account, model: Model) -> tuple[Container, ...]:
    """A model's containers as a deployment that begins now runs them; the switch says as of when."""
    if account.switches.package_read_at_deployment:
        return tuple(containers_of(account, _definitions(model.fields)))
    return model.containers


def containers_of(account: Account, definitions: list[Fields]) -> list[Container]:
    """The containers that definitions stand for, those of model packages included."""
    found: list[Container] = []
    for definition in definitions:
        if "ModelPackageName" in definition:
            if "Image" in definition or "ModelDataUrl" in definition:
                raise invalid("A container has either a ModelPackageName, or an Image and a ModelDataUrl.")
            found += _of_package(account, definition)
        elif "Image" not in definition:
            raise invalid("A container needs an Image or a ModelPackageName.")
        else:
            found.append(_container(definition, {}))
    return found


def _definitions(fields: Fields) -> list[Fields]:
    if "PrimaryContainer" in fields and "Containers" in fields:
        raise invalid("Specify either PrimaryContainer or Containers, not both.")
    if "PrimaryContainer" in fields:
        return [fields["PrimaryContainer"]]
    if not fields.get("Containers"):
        raise invalid("A model needs a PrimaryContainer or Containers.")
    return list(fields["Containers"])


def _of_package(account: Account, definition: Fields) -> list[Container]:
    package = the_package(account, definition["ModelPackageName"])
    if package.fields["ModelPackageStatus"] != "Completed":
        raise invalid(
            f"Cannot create model from Model Package {package.arn} in status {package.fields['ModelPackageStatus']}."
        )
    unapproved = package.group is not None and package.fields.get("ModelApprovalStatus") != "Approved"
    if unapproved and account.switches.unapproved_package_refused:
        raise invalid(f"Cannot create model from Model Package {package.arn}: it is not Approved.")
    listed = package.fields.get("InferenceSpecification", {}).get("Containers", [])
    if not listed:
        raise invalid(f"Model Package {package.arn} has no container to deploy.")
    return [_container(one, definition.get("Environment", {})) for one in listed]


def _container(fields: Fields, environment: dict[str, str]) -> Container:
    source = fields.get("ModelDataSource", {}).get("S3DataSource", {})
    return Container(
        image=fields["Image"],
        model_data_url=fields.get("ModelDataUrl") or source.get("S3Uri"),
        environment={**fields.get("Environment", {}), **environment},
        hostname=fields.get("ContainerHostname"),
    )


def _check_access(account: Account, role: str | None, containers: list[Container]) -> None:
    assumable = role is None or account.world.role_assumable(role)
    for container in containers:
        url = container.model_data_url
        if url is not None and not (assumable and account.world.object_exists(url)):
            raise invalid(
                f'Could not access model data at {url}. Please ensure that the role "{role}" exists and that its trust '
                'relationship policy allows the action "sts:AssumeRole" for the service principal '
                '"sagemaker.amazonaws.com". Also ensure that the role has "s3:GetObject" permissions and that the '
                f"object is located in {account.region}."
            )
    if not assumable:
        raise invalid(
            f"Could not assume role {role}. Please ensure that the role exists and allows principal "
            "'sagemaker.amazonaws.com' to assume the role."
        )
