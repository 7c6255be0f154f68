"""What is to be registered: read and checked before anything is asked of AWS."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cli import files, words
from cli.files import Upload
from lambdas.core.content import container_of
from lambdas.core.errors import GreenlightError
from lambdas.core.facts import Report, VersionDetail
from lambdas.core.gates import not_allowed
from lambdas.core.places import is_below_any
from lambdas.core.quality import Compared, shortcomings
from lambdas.core.record import Approval
from lambdas.core.spec import GroupSpec

_LONGEST_CARD = 100_000  # ModelCardContent [B]
_JSON = "application/json"
_BASELINE = ("statistics", "constraints")
_OBJECTS = ("artifact", "metrics", *_BASELINE, "sample")


class NotRegistrableError(GreenlightError):
    """Nothing was registered; the text names everything that is wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        first, *more = problems
        super().__init__(
            "\n".join(["nothing was registered:", *problems]) if more else f"nothing was registered: {first}"
        )


@dataclass(frozen=True)
class Said:
    """The options of `register`, as people say them."""

    image: str
    artifact: str
    content_types: Sequence[str] = (_JSON,)
    response_types: Sequence[str] = (_JSON,)
    environment: Sequence[str] = ()
    metrics: str | None = None
    statistics: str | None = None
    constraints: str | None = None
    metadata: Sequence[str] = ()
    lineage: Sequence[str] = ()
    sample: str | None = None
    model_card: str | None = None
    description: str | None = None


@dataclass(frozen=True)
class Candidate:
    """A sound registration but for its places in S3, which `request` takes.

    `uploads`: what goes to S3, `given`: what is there, each by what it is: artifact, metrics, statistics, constraints,
    sample. `report`: of a metrics file. `odd`: what was found in files and does no harm, in words.
    """

    container: Mapping[str, Any]
    inference: Mapping[str, Any]
    more: Mapping[str, Any]
    uploads: Mapping[str, Upload]
    given: Mapping[str, str]
    report: Report | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    odd: Sequence[str] = ()

    def request(self, group: str, places: Mapping[str, str]) -> dict[str, Any]:
        """CreateModelPackage's; `places`: URIs of S3 by what is there."""
        container = {**self.container, "ModelDataUrl": places["artifact"]}
        asked = {
            "ModelPackageGroupName": group,
            "InferenceSpecification": {"Containers": [container], **self.inference},
            **self.more,
        }
        if "metrics" in places:
            statistics = {"ContentType": _JSON, "S3Uri": places["metrics"]}
            asked["ModelMetrics"] = {"ModelQuality": {"Statistics": statistics}}
        baseline = {
            member: {"ContentType": _JSON, "S3Uri": places[what]}
            for what, member in (("statistics", "Statistics"), ("constraints", "Constraints"))
            if what in places
        }
        if baseline:
            asked["DriftCheckBaselines"] = {"ModelDataQuality": baseline}
        if "sample" in places:
            asked["SamplePayloadUrl"] = places["sample"]
        return asked

    def objections(self, spec: GroupSpec, places: Mapping[str, str]) -> list[str]:
        """Why it could never go live in the group, wherever its metrics lead."""
        outside = [
            f"{what} {uri} is outside the group's artifacts ({', '.join(spec.artifacts)}), and could not be read"
            for what, uri in places.items()
            if spec.artifacts and not is_below_any(uri, spec.artifacts)
        ]
        container = container_of({**self.container, "ModelDataUrl": places["artifact"]})
        return [*outside, *not_allowed(spec.allowed, container)]

    def shortcomings(
        self, spec: GroupSpec, places: Mapping[str, str], report: Report | None
    ) -> tuple[str, ...]:
        """What the group's gates ask for and it does not have; what the live version is, is not asked here."""
        detail = VersionDetail(
            version=0,
            arn="",
            approval=Approval.PENDING,
            status="Completed",
            modified=0.0,
            containers=(container_of({**self.container, "ModelDataUrl": places["artifact"]}),),
            metadata=self.metadata,
            evaluation=places.get("metrics"),
            lineage=self.more.get("MetadataProperties", {}),
            has_card="ModelCard" in self.more,
        )
        return shortcomings(spec.gates, Compared(detail, report), None)


def candidate(said: Said) -> Candidate:
    """Read every option and every file.

    Raises:
        NotRegistrableError: something is wrong; says all that is.
    """
    problems: list[str] = []
    wrong = problems.append
    words.image(said.image, wrong)
    if said.description:
        words.description(said.description, wrong)
    metadata = words.metadata(said.metadata, wrong)
    lineage = words.lineage(said.lineage, wrong)
    environment = words.environment(said.environment, wrong)
    inference = {
        "SupportedContentTypes": words.media_types("--content-type", said.content_types, wrong),
        "SupportedResponseMIMETypes": words.media_types("--response-type", said.response_types, wrong),
    }
    card = _card(said.model_card, wrong)
    if (said.statistics is None) != (said.constraints is None):
        wrong("--statistics and --constraints are one baseline: give both, or neither")
    options = {what: getattr(said, what) for what in _OBJECTS}
    given = {what: uri for what, uri in options.items() if uri is not None and files.is_in_s3(uri)}
    for what in given.keys() & {"artifact", "sample"}:
        if not given[what].endswith(".tar.gz"):
            wrong(
                f"--{what} {given[what]} must be the URI of a .tar.gz: SageMaker takes no other name; copy it to one"
            )
    local = {what: name for what, name in options.items() if name is not None and what not in given}
    odd: list[str] = []
    uploads, report = _read(local, wrong, odd.append)
    if problems:
        raise NotRegistrableError(problems)
    more = {
        "ModelPackageDescription": said.description,
        "CustomerMetadataProperties": metadata,
        "MetadataProperties": lineage,
        "ModelCard": card,
    }
    return Candidate(
        container={"Image": said.image, **({"Environment": environment} if environment else {})},
        inference=inference,
        more={name: value for name, value in more.items() if value},
        uploads=uploads,
        given=given,
        report=report,
        metadata=metadata,
        odd=odd,
    )


def _read(
    local: Mapping[str, str], wrong: words.Problem, odd: words.Problem
) -> tuple[dict[str, Upload], Report | None]:
    measured = files.metrics(local["metrics"], wrong) if "metrics" in local else None
    found = {
        "artifact": files.artifact(local["artifact"], wrong, odd) if "artifact" in local else None,
        "metrics": measured[0] if measured else None,
        **{what: files.baseline(local[what], what, wrong) for what in _BASELINE if what in local},
        "sample": files.sample(local["sample"], wrong) if "sample" in local else None,
    }
    return {what: one for what, one in found.items() if one is not None}, measured[1] if measured else None


def _card(name: str | None, wrong: words.Problem) -> dict[str, str] | None:
    """A model card is registered as a draft: who approves it is not who registers."""
    if name is None:
        return None
    found = words.json_object(name, f"--model-card {name}", wrong)
    content = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    if len(content) > _LONGEST_CARD:
        wrong(f"--model-card {name} has {len(content)} characters; AWS takes {_LONGEST_CARD}")
    return {"ModelCardContent": content, "ModelCardStatus": "Draft"}
