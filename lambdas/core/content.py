"""What would run: the containers of a version, their fingerprint, and how two of them differ."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lambdas.core.codec import encode
from lambdas.core.text import quoted

_NAMED = ("Image", "ImageDigest", "ModelDataUrl", "ModelDataETag", "Environment")
# Of the rest of ModelPackageContainerDefinition [B]: what CreateModel takes too, and what only describes.
_PLACED = ("ModelDataSource", "AdditionalModelDataSources")
_TAKEN_OVER = frozenset({"ContainerHostname", *_PLACED})
_DESCRIBING = frozenset(
    {"BaseModel", "Framework", "FrameworkVersion", "IsCheckpoint", "ModelInput", "NearestModelName"}
)

_DEEPEST = 16  # objects and lists in one another; those of AWS are at most five


@dataclass(frozen=True)
class Container:
    """One ModelPackageContainerDefinition: everything in it that may decide what runs.

    `more` holds the members that have no field here, by AWS's names, as AWS gives them.
    """

    image: str
    image_digest: str | None = None
    model_data: str | None = None
    model_etag: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def artifact(self) -> str | None:
        """Where its artifact lies in S3: ModelDataUrl, or ModelDataSource's S3Uri."""
        source = _member(_member(self.more.get("ModelDataSource"), "S3DataSource"), "S3Uri")
        return self.model_data or _text(source)

    @property
    def places(self) -> tuple[str, ...]:
        """Every place in S3 that its definition names, the artifact's first."""
        named = (self.more[name] for name in _PLACED if name in self.more)
        return tuple(dict.fromkeys([*([self.model_data] if self.model_data else []), *_places(list(named))]))

    @property
    def repository(self) -> str:
        """The image without its tag or digest."""
        name = self.image.partition("@")[0]
        registry, slash, rest = name.rpartition("/")
        return f"{registry}{slash}{rest.partition(':')[0]}"

    @property
    def pinned_image(self) -> str:
        """The image by its digest where one is known (`registry/repository@digest`, CreateModel), else as it is."""
        if "@" in self.image or self.image_digest is None:
            return self.image
        return f"{self.repository}@{self.image_digest}"

    @property
    def is_pinned(self) -> bool:
        """Whether the image is named by its digest, so that it cannot become another one."""
        return "@" in self.pinned_image

    def definition(self) -> dict[str, Any]:
        """The ContainerDefinition with which CreateModel makes exactly this [B]."""
        more = {name: value for name, value in self.more.items() if name in _TAKEN_OVER}
        if says_no_more(more.get("ModelDataSource"), self.model_data):
            del more["ModelDataSource"]
        whole = {
            "Image": self.pinned_image,
            "ModelDataUrl": self.model_data,
            "Environment": dict(self.environment),
            **more,
        }
        return {name: value for name, value in whole.items() if value}

    def not_reproducible(self) -> list[str]:
        """Members that decide what runs and that a model cannot be made with."""
        return sorted(self.more.keys() - _TAKEN_OVER - _DESCRIBING)


def container_of(members: Mapping[str, Any]) -> Container:
    """A container from the members that AWS gives, of DescribeModelPackage or of an event.

    Whatever stands there instead of text is not told; what is nested deeper than anything of AWS's is kept as text.
    """
    environment = members.get("Environment")
    return Container(
        image=_text(members.get("Image")) or "",
        image_digest=_text(members.get("ImageDigest")),
        model_data=_text(members.get("ModelDataUrl")),
        model_etag=_text(members.get("ModelDataETag")),
        environment={
            name: value
            for name, value in (environment.items() if isinstance(environment, Mapping) else ())
            if isinstance(value, str)
        },
        more={
            name: quoted(value) if _is_deep(value) else value
            for name, value in members.items()
            if name not in _NAMED
        },
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _member(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, Mapping) else None


def _is_deep(value: object) -> bool:
    """Whether more is in one another than anything of AWS's is, and than can be compared and written down."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [item for one in level for item in _items(one)]
    return bool(level)


def _items(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list | tuple) else ()


def _places(value: object) -> Iterator[str]:
    """The S3 URIs anywhere in a structure of AWS's, in order."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            if str(name).endswith("S3Uri") and isinstance(item, str):
                yield item
            else:
                yield from _places(item)
    else:
        for item in _items(value):
            yield from _places(item)


def says_no_more(source: object, url: str | None) -> bool:
    """Whether a ModelDataSource only says in other words what the ModelDataUrl beside it says: AWS may tell both."""
    placed = _member(source, "S3DataSource")
    if not isinstance(source, Mapping) or not isinstance(placed, Mapping) or url is None or len(source) != 1:
        return False
    told = {name: value for name, value in placed.items() if name != "ETag"}
    return told == {"S3Uri": url, "S3DataType": "S3Object", "CompressionType": "Gzip"}


def fingerprint(containers: Sequence[Container]) -> str:
    """A digest of exactly what would run, containers in order."""
    text = json.dumps([encode(container) for container in containers], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def difference(approved: Sequence[Container], present: Sequence[Container]) -> str | None:
    """How the content differs from what an approval's event told of it; None: it does not.

    An event need not tell everything, so only what it tells is compared; see `tells_all` for the rest.
    """
    if len(approved) != len(present):
        return f"{len(approved)} containers were approved, there are {len(present)}"
    for number, (was, is_) in enumerate(zip(approved, present, strict=True), start=1):
        told = {
            "Image": (was.image, is_.image),
            "ImageDigest": (was.image_digest, is_.image_digest),
            "ModelDataUrl": (was.model_data, is_.model_data),
            "ModelDataETag": (was.model_etag, is_.model_etag),
            "Environment": (dict(was.environment), dict(is_.environment)),
            **{name: (value, is_.more.get(name)) for name, value in was.more.items()},
        }
        for name, (before, now) in told.items():
            if before and before != now:
                return f"{name} of container {number} was {quoted(before)} when it was approved, and is {quoted(now)}"
    return None


def tells_all(told: Sequence[Container], present: Sequence[Container]) -> bool:
    """Whether what an event told is the whole of what would run now.

    Documented events tell image, digest and artifact. What they leave out they are no evidence of: that it was not
    there is not told either.
    """
    runs, would_run = ([one.definition() for one in containers] for containers in (told, present))
    return runs == would_run and difference(told, present) is None


def shown(containers: Sequence[Container]) -> list[dict[str, Any]]:
    """What the ledger keeps of it: image, digest, artifact and its ETag of each container, and whether it is pinned."""
    return [
        {
            "image": container.image,
            "digest": container.image_digest,
            "pinned": container.is_pinned,
            "artifact": container.artifact,
            "etag": container.model_etag,
        }
        for container in containers
    ]
