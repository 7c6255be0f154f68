"""The fleets that are to run an endpoint configuration: made from it, or with what an update retains."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from local.sagemaker.copies import copied
from local.sagemaker.errors import over_quota
from local.sagemaker.models import containers_to_deploy, the_model
from local.sagemaker.ports import Fleet
from local.sagemaker.rollout import running
from local.sagemaker.state import Side, Variant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.sagemaker.account import Account
    from local.sagemaker.state import Config, Fields

COUNT, WEIGHT, CAPTURE = "DesiredInstanceCount", "DesiredWeight", "DataCaptureConfig"
RETAINABLE = frozenset({COUNT, WEIGHT, CAPTURE})


def make_side(
    account: Account,
    endpoint: str,
    config: Config,
    *,
    old: Side | None = None,
    retained: frozenset[str] = frozenset(),
) -> Side:
    """The fleets of a configuration, none of them running yet.

    Args:
        account: whose endpoint it is.
        endpoint: the endpoint's name.
        config: what to run.
        old: what the endpoint serves now.
        retained: what is taken over from a variant of the same name: VariantPropertyType values.
    """
    before = {variant.name: variant for variant in old.variants} if old else {}
    variants = [
        _variant(account, (endpoint, config.name), settings, before.get(settings["VariantName"]), retained)
        for settings in config.fields["ProductionVariants"]
    ]
    capture = config.fields.get("DataCaptureConfig")
    if old is not None and CAPTURE in retained:
        capture = old.data_capture
    later = copied(config.fields.get("AsyncInferenceConfig"))
    return Side(config.name, config.arn, variants, copied(capture), later)


def check_quota(account: Account, wanted: Mapping[str, int]) -> None:
    """Refuse more instances than the account may have (ResourceLimitExceeded).

    Args:
        account: whose quota it is.
        wanted: additional instances, by type; the old fleets of an update count as well while it lasts.
    """
    if not wanted.keys() & account.faults.quota.keys():
        return
    used: Counter[str] = Counter()
    for endpoint in account.state.endpoints.values():
        for side in running(endpoint):
            used += instances_of(side)
    for instance_type, more in wanted.items():
        limit = account.faults.quota.get(instance_type)
        if limit is not None and used[instance_type] + more > limit:
            raise over_quota(instance_type, limit, used[instance_type], more)


def instances_of(side: Side) -> Counter[str]:
    """How many instances of each type a side has."""
    counts: Counter[str] = Counter()
    for variant in side.variants:
        if variant.fleet.instance_type is not None:
            counts[variant.fleet.instance_type] += variant.fleet.instance_count
    return counts


def _variant(
    account: Account,
    place: tuple[str, str],
    settings: Fields,
    old: Variant | None,
    retained: frozenset[str],
) -> Variant:
    """One variant; `place` is the endpoint's and the configuration's name."""
    endpoint, config = place
    model = the_model(account, settings["ModelName"])
    weight: float = settings["InitialVariantWeight"]
    count: int | None = settings.get("InitialInstanceCount")
    if old is not None and WEIGHT in retained:
        weight = old.desired_weight
    if old is not None and COUNT in retained and None not in (old.desired_count, count):
        count = old.desired_count
    fleet = Fleet(
        id=f"{endpoint}.{config}.{settings['VariantName']}.{account.state.number()}",
        endpoint=endpoint,
        config=config,
        variant=settings["VariantName"],
        model=model.name,
        containers=containers_to_deploy(account, model),
        instance_type=settings.get("InstanceType"),
        instance_count=count or 0,
        execution_role_arn=model.fields.get("ExecutionRoleArn"),
    )
    return Variant(fleet, copied(settings), weight, weight, count)
