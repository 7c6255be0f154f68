"""Tags: AddTags, ListTags, DeleteTags, and how tags come with a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.sagemaker.errors import invalid
from local.sagemaker.paging import page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.sagemaker.account import Account
    from local.sagemaker.caller import Caller
    from local.sagemaker.state import Fields, State, Tags

MOST_TAGS = 50
_KINDS = {
    "endpoint": "endpoints",
    "endpoint-config": "configs",
    "model": "models",
    "model-package-group": "groups",
    "monitoring-schedule": "schedules",
    "pipeline": "pipelines",
}


_DEFINITIONS = {
    "data-quality-job-definition": "DataQuality",
    "model-quality-job-definition": "ModelQuality",
    "model-bias-job-definition": "ModelBias",
    "model-explainability-job-definition": "ModelExplainability",
}


def given(request: Mapping[str, Any]) -> Tags:
    """The tags of a request. ValidationException for a key that comes twice or belongs to AWS."""
    tags: Tags = {}
    for tag in request.get("Tags", []):
        if tag["Key"] in tags:
            raise invalid(f"Duplicate tag keys found: {tag['Key']}")
        if tag["Key"].lower().startswith("aws:"):
            raise invalid(f"Tag keys that start with aws: are reserved: {tag['Key']}")
        tags[tag["Key"]] = tag["Value"]
    return tags


def shown(tags: Tags) -> list[Fields]:
    """Tags in the API's form."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tags_of(state: State, arn: str) -> Tags | None:
    """The tags of what has this ARN (a version's are its group's); None: there is no such thing."""
    kind, _, name = arn.partition(":sagemaker:")[2].partition(":")[2].partition(":")[2].partition("/")
    if kind == "model-package":
        package = state.packages.get(arn.lower())
        return None if package is None else package.tags
    if kind in _DEFINITIONS:
        definition = state.definitions.get((_DEFINITIONS[kind], name.lower()))
        return None if definition is None else definition.tags
    if kind not in _KINDS:
        return None
    found = getattr(state, _KINDS[kind]).get(name.lower())
    return None if found is None else found.tags


def add_tags(account: Account, request: Fields, _caller: Caller) -> Fields:
    """AddTags: overwrite or add."""
    tags = _existing(account, request)
    both = tags | given(request)
    if len(both) > MOST_TAGS:
        raise invalid(f"{request['ResourceArn']} would have {len(both)} tags; the most are {MOST_TAGS}.")
    tags.update(both)
    return {"Tags": shown(tags)}


def list_tags(account: Account, request: Fields, _caller: Caller) -> Fields:
    """ListTags."""
    return page(shown(_existing(account, request)), request, "ListTags", "Tags", default=MOST_TAGS)


def delete_tags(account: Account, request: Fields, _caller: Caller) -> Fields:
    """DeleteTags: a key that is not there is no error."""
    tags = _existing(account, request)
    for key in request["TagKeys"]:
        tags.pop(key, None)
    return {}


def _existing(account: Account, request: Fields) -> Tags:
    tags = tags_of(account.state, request["ResourceArn"])
    if tags is None:
        raise invalid(f'Could not find resource "{request["ResourceArn"]}".')
    return tags
