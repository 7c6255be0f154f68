"""What was seen of a group in one look: the registry, the endpoint, alarms, and what events hinted at."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lambdas.core.record import Approval, Record
from lambdas.core.spec import GroupSpec


class EndpointStatus(StrEnum):
    """EndpointStatus of DescribeEndpoint [B]."""

    OUT_OF_SERVICE = "OutOfService"
    CREATING = "Creating"
    UPDATING = "Updating"
    SYSTEM_UPDATING = "SystemUpdating"
    ROLLING_BACK = "RollingBack"
    IN_SERVICE = "InService"
    DELETING = "Deleting"
    FAILED = "Failed"
    UPDATE_ROLLBACK_FAILED = "UpdateRollbackFailed"


BUSY = frozenset(
    {
        EndpointStatus.CREATING,
        EndpointStatus.UPDATING,
        EndpointStatus.SYSTEM_UPDATING,
        EndpointStatus.ROLLING_BACK,
        EndpointStatus.DELETING,
    }
)


class AlarmState(StrEnum):
    """StateValue of DescribeAlarms; MISSING is ours: there is no such alarm."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"
    MISSING = "MISSING"


@dataclass(frozen=True)
class VersionSummary:
    """One version as ListModelPackages tells it; `created` in epoch seconds."""

    version: int
    arn: str
    approval: Approval
    status: str
    created: float


@dataclass(frozen=True)
class Container:
    """What of a container decides what runs (ModelPackageContainerDefinition)."""

    image: str
    image_digest: str | None = None
    model_data: str | None = None
    model_etag: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class VersionDetail:
    """One version as DescribeModelPackage tells it; `modified` in epoch seconds.

    `author` and `registrant` are the ARNs of LastModifiedBy's and CreatedBy's IamIdentity, None where AWS
    does not give them.
    """

    version: int
    arn: str
    approval: Approval
    status: str
    modified: float
    containers: tuple[Container, ...] = ()
    author: str | None = None
    registrant: str | None = None
    reason: str = ""

    @property
    def fingerprint(self) -> str:
        """A digest of exactly what would run: images, digests, artifacts, environments, in order."""
        content = [
            [c.image, c.image_digest, c.model_data, c.model_etag, sorted(c.environment.items())]
            for c in self.containers
        ]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Endpoint:
    """An endpoint as DescribeEndpoint tells it; `modified` in epoch seconds.

    `pending_config` is the config that an update in progress leads to, where AWS says so.
    """

    name: str
    arn: str
    status: EndpointStatus
    config: str
    modified: float
    pending_config: str | None = None
    failure: str | None = None


@dataclass(frozen=True)
class Hint:
    """What an event says happened. It names a group; only `approved_at` is used as evidence.

    `approved_at`: epoch seconds of an approval of `version`, where the event says that the approval status
    itself was written (UpdatedModelPackageFields).
    """

    source: str
    version: int | None = None
    approved_at: float | None = None


@dataclass(frozen=True)
class SpecRead:
    """The group's SSM parameter as just read; `spec` None: there is none. `modified` in epoch seconds."""

    spec: GroupSpec | None
    modified: float


@dataclass(frozen=True)
class Facts:
    """One look at a group.

    What every look reads comes first; the rest is read only when a decision asks for it (see `Need`) and
    is None, or lacks the key, until then.
    """

    group: str
    now: float
    record: Record | None
    versions: tuple[VersionSummary, ...] = ()
    endpoint: Endpoint | None = None
    hints: tuple[Hint, ...] = ()
    spec: SpecRead | None = None
    details: Mapping[int, VersionDetail | None] = field(default_factory=dict)
    alarms: Mapping[str, AlarmState] = field(default_factory=dict)
    tags: Mapping[str, str] | None = None
