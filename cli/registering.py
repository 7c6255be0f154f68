"""The command `register`: a version of a group, pending; files are checked first, uploaded next, registered last."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import typer

from cli import out
from cli.account import Account, NotAllowedError, UnknownGroupError, stepped_into, who_may
from cli.candidate import Candidate, NotRegistrableError, Said, candidate
from cli.reading import Group, Json
from lambdas.adapters.registrations import register as register_as_pending
from lambdas.adapters.uploads import Uploads
from lambdas.core.errors import Denied, GreenlightError, Unreadable
from lambdas.core.facts import Report
from lambdas.core.names import role_name
from lambdas.core.quality import MOST_BYTES, sound_report
from lambdas.core.samples import sample_of
from lambdas.core.spec import GroupSpec

_REGISTRANT = "registrant"


@dataclass(frozen=True)
class Placed:
    """An object of a version; `uploaded`: whether it was now, None: it was named."""

    uri: str
    bytes: int
    uploaded: bool | None


@dataclass(frozen=True)
class Registered:
    """What came of it. `lacks`: for the group's gates; `not_checked`: in words, None: all was. `odd`: what was found in
    files and does no harm."""

    group: str
    version: int
    arn: str
    objects: Mapping[str, Placed]
    lacks: tuple[str, ...]
    not_checked: str | None
    odd: tuple[str, ...] = ()


def register(
    group: Group,
    *,
    image: Annotated[str, typer.Option(help="The container's image in ECR.", show_default=False)],
    artifact: Annotated[
        str, typer.Option(help="The model: a .tar.gz, a file or its URI in S3.", show_default=False)
    ],
    to: Annotated[
        str | None,
        typer.Option(
            metavar="S3-PREFIX", help="Where files are uploaded; else the first of the group's `artifacts`."
        ),
    ] = None,
    metrics: Annotated[
        str | None, typer.Option(help="The evaluation report: JSON, a file or its URI in S3.")
    ] = None,
    statistics: Annotated[
        str | None,
        typer.Option(
            help="Of the training data, for drift: Model Monitor's statistics.json, a file or its URI in S3."
        ),
    ] = None,
    constraints: Annotated[
        str | None,
        typer.Option(
            help="Beside it, Model Monitor's constraints.json; monitoring of data quality takes both."
        ),
    ] = None,
    sample: Annotated[
        str | None,
        typer.Option(
            help="A request for the smoke test: a file, or a .tar.gz with it, or that one's URI in S3."
        ),
    ] = None,
    metadata: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE|FILE", help="Customer metadata, or a file of JSON.")
    ] = None,
    lineage: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="CommitId, Repository, GeneratedBy or ProjectId."),
    ] = None,
    environment: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="Of the container.")
    ] = None,
    content_type: Annotated[
        list[str] | None, typer.Option(metavar="MIME", help="Of requests; else application/json.")
    ] = None,
    response_type: Annotated[
        list[str] | None, typer.Option(metavar="MIME", help="Of answers; else application/json.")
    ] = None,
    model_card: Annotated[str | None, typer.Option(help="A file with the card's content in JSON.")] = None,
    description: Annotated[str | None, typer.Option(help="In a line.")] = None,
    step_in: Annotated[
        bool,
        typer.Option(
            "--step-in", help="Register in the group's registrant role; files are uploaded as who you are."
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Register a version as pending; nothing is deployed until an approver approves it.

    Everything is checked before anything is done. Files go to S3 under their digest: none is uploaded twice.

    The registrant role may not upload: use --step-in from a role of yours that may, or upload first and name URIs.

    Example: greenlight register credit-risk --image 111122223333.dkr.ecr.eu-west-1.amazonaws.com/scoring:7
    --artifact model.tar.gz --metrics evaluation.json --metadata dataset=2026-11 --lineage CommitId=9f2c --step-in
    """
    said = Said(
        image=image,
        artifact=artifact,
        content_types=content_type or Said.content_types,
        response_types=response_type or Said.response_types,
        environment=environment or (),
        metrics=metrics,
        statistics=statistics,
        constraints=constraints,
        metadata=metadata or (),
        lineage=lineage or (),
        sample=sample,
        model_card=model_card,
        description=description,
    )
    wanted = candidate(said)
    own = Account()
    account = Account(stepped_into(role_name(group, _REGISTRANT))) if step_in else own
    try:
        _register(group, wanted, to, own, account, json=json)
    except Denied as error:
        raise NotAllowedError(f"{error}\n{who_may(role_name(group, _REGISTRANT), 'register')}") from error


def _register(
    group: str, wanted: Candidate, to: str | None, own: Account, account: Account, *, json: bool
) -> None:
    if not account.registry.has_group(group):
        raise UnknownGroupError(
            f"there is no model package group {group} in this account and region; is its name right?"
        )
    spec, unchecked = _spec(account, group)
    places = {**wanted.given, **_targets(wanted, to, spec)}
    if spec is not None and (objections := wanted.objections(spec, places)):
        raise NotRegistrableError(objections)
    uploads = Uploads(own.aws.s3_as({}))
    sizes = _sizes(uploads, wanted)
    report = wanted.report or _report(own, wanted.given.get("metrics"))
    _check_sample(own, wanted.given.get("sample"))
    done = _upload(uploads, wanted, places)
    try:
        arn = register_as_pending(account.aws.sagemaker, wanted.request(group, places))
    except GreenlightError as error:
        left = "; what was uploaded harms nothing, and is not uploaded again" if any(done.values()) else ""
        raise type(error)(f"{error}{left}") from error
    objects = {what: Placed(uri, sizes[what], done.get(what)) for what, uri in places.items()}
    lacks = wanted.shortcomings(spec, places, report) if spec is not None else ()
    found = Registered(group, int(arn.rpartition("/")[2]), arn, objects, lacks, unchecked, tuple(wanted.odd))
    if json:
        out.as_json(found)
    else:
        _show(found)


def _spec(account: Account, group: str) -> tuple[GroupSpec | None, str | None]:
    """The group's spec; or, in words, what is not checked for want of it."""
    what = "whether the group allows this image and these places, and what its gates ask for"
    try:
        read = account.specs.read(group)
    except Denied:
        return None, f"{what}: you may not read its spec"
    return read.spec, None if read.spec is not None else f"{what}: {read.problem or 'it has no spec'}"


def _targets(wanted: Candidate, to: str | None, spec: GroupSpec | None) -> dict[str, str]:
    if not wanted.uploads:
        return {}
    prefix = to or next(iter(spec.artifacts), None) if spec is not None else to
    if prefix is None:
        raise NotRegistrableError(
            [
                "where files are uploaded to is not known: say --to s3://bucket/prefix, one of the group's `artifacts`"
            ]
        )
    if not prefix.removeprefix("s3://").strip("/") or not prefix.startswith("s3://"):
        raise NotRegistrableError([f"--to {prefix} must be s3://bucket/prefix, or s3://bucket"])
    return {what: upload.below(prefix) for what, upload in wanted.uploads.items()}


def _sizes(uploads: Uploads, wanted: Candidate) -> dict[str, int]:
    """The bytes of each object; what was named in S3 must be there."""
    sizes = {what: upload.size for what, upload in wanted.uploads.items()}
    problems = []
    for what, uri in wanted.given.items():
        try:
            sizes[what] = uploads.size(uri)
        except Unreadable as error:
            problems.append(f"--{what}: {error}")
    if problems:
        raise NotRegistrableError(problems)
    return sizes


def _report(account: Account, uri: str | None) -> Report | None:
    if uri is None:
        return None
    try:
        return sound_report(account.objects.read(None, uri, MOST_BYTES))
    except Unreadable as error:
        raise NotRegistrableError([f"--metrics {uri}: {error}"]) from error


def _check_sample(account: Account, uri: str | None) -> None:
    """As reconcile will read it."""
    if uri is None:
        return
    try:
        sample_of(account.objects.read(None, uri, MOST_BYTES))
    except Unreadable as error:
        raise NotRegistrableError([f"--sample {uri}: {error}"]) from error


def _upload(uploads: Uploads, wanted: Candidate, places: Mapping[str, str]) -> dict[str, bool]:
    done = {}
    for what, upload in wanted.uploads.items():
        try:
            done[what] = uploads.put(places[what], upload.content, upload.digest, upload.size)
        except Denied as error:
            raise NotAllowedError(
                f"{error}\nnothing was registered: you may not put {places[what]} (s3:PutObject). Registrant roles "
                "upload nothing: run this as a role of yours that may, with --step-in, or upload it and name its URI"
            ) from error
    return done


def _show(found: Registered) -> None:
    out.say(f"v{found.version} of {found.group} is registered and pending: {found.arn}")
    for what, one in found.objects.items():
        how = {True: "uploaded", False: "was there already", None: "as named"}[one.uploaded]
        out.say(f"  {what}: {one.uri}, {one.bytes} bytes, {how}")
    if found.not_checked:
        out.say(f"not checked: {found.not_checked}")
    out.say(*(f"odd: {one}" for one in found.odd))
    out.say(*(f"would not go live as it is: {one}" for one in found.lacks))
    out.say(f"an approver decides; `greenlight plan {found.group} approve {found.version}` foresees it")
