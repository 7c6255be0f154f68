"""Endpoint configurations: which models run, on which instances, with how much traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.sagemaker.copies import copied
from local.sagemaker.errors import existing, invalid, missing
from local.sagemaker.hardware import check_hardware
from local.sagemaker.models import the_model
from local.sagemaker.modes import check_serverless
from local.sagemaker.paging import chosen, ordered, page
from local.sagemaker.shapes import output_members
from local.sagemaker.state import Config, find_config
from local.sagemaker.tags import given

if TYPE_CHECKING:
    from local.sagemaker.account import Account
    from local.sagemaker.caller import Caller
    from local.sagemaker.state import Fields

_SORTED_BY = {"Name": "EndpointConfigName", "CreationTime": "CreationTime"}


def create_config(account: Account, request: Fields, _caller: Caller) -> Fields:
    """CreateEndpointConfig: its models must be there, and each variant one that AWS runs."""
    name = request["EndpointConfigName"]
    arn = account.arn("endpoint-config", name)
    if name.lower() in account.state.configs:
        raise existing("endpoint configuration", arn)
    variants = request["ProductionVariants"]
    if len({variant["VariantName"] for variant in variants}) != len(variants):
        raise invalid("Variant names in an endpoint configuration must be unique.")
    for variant in variants:
        _check_variant(account, request, variant)
    fields = {
        member: copied(value)
        for member, value in request.items()
        if member in output_members("DescribeEndpointConfig")
    }
    for variant in fields["ProductionVariants"]:
        variant.setdefault("InitialVariantWeight", 1.0)
    fields |= {"EndpointConfigArn": arn, "CreationTime": account.now}
    visible = account.after(account.switches.config_visible_after_seconds)
    account.state.configs[name.lower()] = Config(name, arn, account.now, fields, given(request), visible)
    return {"EndpointConfigArn": arn}


def describe_config(account: Account, request: Fields, _caller: Caller) -> Fields:
    """DescribeEndpointConfig."""
    return copied(_the_config(account, request["EndpointConfigName"]).fields)


def delete_config(account: Account, request: Fields, _caller: Caller) -> Fields:
    """DeleteEndpointConfig: also while an endpoint serves it, as AWS does; its later updates then fail."""
    _the_config(account, request["EndpointConfigName"])
    del account.state.configs[request["EndpointConfigName"].lower()]
    return {}


def list_configs(account: Account, request: Fields, _caller: Caller) -> Fields:
    """ListEndpointConfigs."""
    items: list[dict[str, Any]] = [
        {
            "EndpointConfigName": config.name,
            "EndpointConfigArn": config.arn,
            "CreationTime": config.created,
        }
        for config in account.state.configs.values()
    ]
    found = chosen(items, request, name="EndpointConfigName")
    in_order = ordered(found, request, _SORTED_BY, ascending=False)
    return page(in_order, request, "ListEndpointConfigs", "EndpointConfigs")


def config_to_deploy(account: Account, name: str) -> Config:
    """A configuration that must be there, and be visible already."""
    config = _the_config(account, name)
    if config.visible > account.now:
        raise missing("endpoint configuration", config.arn)
    return config


def _the_config(account: Account, name: str) -> Config:
    return find_config(account.state, name, account.arn("endpoint-config", name))


def _check_variant(account: Account, request: Fields, variant: Fields) -> None:
    name = variant["VariantName"]
    if "ModelName" not in variant:
        raise invalid(f"Production variant {name} needs a ModelName.")
    the_model(account, variant["ModelName"])
    if "ServerlessConfig" in variant:
        check_serverless(account, request, variant)
    elif "InstanceType" not in variant or "InitialInstanceCount" not in variant:
        raise invalid(f"Production variant {name} needs an InstanceType and an InitialInstanceCount.")
    else:
        check_hardware(account, request, variant)
