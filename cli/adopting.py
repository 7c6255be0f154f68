"""The command `adopt`: an endpoint that is there already becomes a group's, as an act of its owner."""

from collections.abc import Mapping
from typing import Annotated

import typer

from cli import out
from cli.account import Account, NotAllowedError, UnknownGroupError
from cli.reading import Group, Json
from cli.words import tag_like
from lambdas.adapters.adoption import give
from lambdas.core.errors import Denied, GreenlightError, Malformed
from lambdas.core.facts import Endpoint, EndpointStatus
from lambdas.core.names import GROUP_TAG
from lambdas.core.spec import VARIANT

_LONGEST_REASON = 256  # TagValue [B]


class NotAdoptableError(GreenlightError):
    """The endpoint cannot become the group's; the text says why."""


def adopt(
    group: Group,
    *,
    reason: Annotated[
        str, typer.Option("--reason", help="Why; it is kept in the ledger.", show_default=False)
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Give a group the endpoint of its name that is there already; nothing moves until the next approval.

    It writes two tags to the endpoint, as whoever you are: an administrator may, and no role of Greenlight's.

    Example: greenlight adopt credit-risk --reason "the team moves to Greenlight"
    """
    if not reason.strip() or len(reason) > _LONGEST_REASON or not tag_like(reason):
        raise Malformed(
            f"--reason {reason!r} must be 1 to {_LONGEST_REASON} letters, digits, spaces and _.:/=+-@, "
            "for it is kept as a tag of the endpoint"
        )
    account = Account()
    try:
        endpoint = _endpoint(account, group)
        if not yes:
            out.ask(
                f"endpoint {endpoint.name}, which serves {endpoint.config}, becomes group {group}'s. It serves on; "
                "the next approval replaces what it serves, and from then on Greenlight alone moves it. Go on?"
            )
        give(account.aws.sagemaker, endpoint.arn, group, reason)
    except Denied as error:
        me = account.aws.sts.get_caller_identity()["Arn"]
        raise NotAllowedError(
            f"{error}\nnothing was done. You are {me}; it takes an administrator who may read the group's spec and "
            "record and has sagemaker:AddTags on the endpoint, and whom no organisation policy of Greenlight's binds"
        ) from error
    if json:
        out.as_json({"group": group, "endpoint": endpoint.name, "config": endpoint.config, "reason": reason})
    else:
        out.say(
            f"endpoint {endpoint.name} is group {group}'s; `greenlight history {group}` says adopted after the next "
            "sweep"
        )


def _endpoint(account: Account, group: str) -> Endpoint:
    """The endpoint that can be given. Raises NotAdoptableError, UnknownGroupError."""
    read = account.specs.read(group)
    if read.spec is None:
        raise UnknownGroupError(
            read.problem or f"group {group} has no spec in this account and region; deploy its stack first"
        )
    endpoints = account.endpoints
    endpoint = endpoints.describe(read.spec.endpoint.name)
    if endpoint is None:
        raise NotAdoptableError(
            f"there is no endpoint {read.spec.endpoint.name}, which is the group's by its YAML; say `endpoint.name` "
            "there if it has another name, and deploy. Without one the first approval makes it"
        )
    record = account.store.load(group)
    if record is not None and record.placement(endpoint.config) is not None:
        raise NotAdoptableError(
            f"endpoint {endpoint.name} is the group's already: Greenlight made what it serves"
        )
    if problem := obstacle(endpoint, endpoints.tags(endpoint.arn), group):
        raise NotAdoptableError(f"endpoint {endpoint.name} {problem}")
    return endpoint


def obstacle(endpoint: Endpoint, tags: Mapping[str, str], group: str) -> str | None:
    """Why an endpoint cannot become a group's, in words; None: it can."""
    owner = tags.get(GROUP_TAG)
    if owner == group:
        return f"is the group's already by its tag {GROUP_TAG}"
    if owner is not None:
        return f"is group {owner}'s by its tag {GROUP_TAG}; one endpoint serves one group"
    if endpoint.status is not EndpointStatus.IN_SERVICE:
        return f"is {endpoint.status.value}; it must be InService: wait, or mend it first"
    if endpoint.variants != (VARIANT,):
        return (
            f"has {', '.join(endpoint.variants)} where Greenlight has one variant {VARIANT}, and a rollout keeps the "
            "variants. Give the group another endpoint name"
        )
    return None
