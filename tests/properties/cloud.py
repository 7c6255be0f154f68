"""A small AWS in memory: registry, endpoints with guardrails, alarms, scaling and specs, on a clock of its own.

It holds the truth that invariants are checked against, and knows nothing of Greenlight's reasons. Ports of
`lambdas.reconcile.ports` are served by `Cloud` itself; people act by its further methods.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from lambdas.core import actions as do
from lambdas.core.content import Container
from lambdas.core.errors import Busy, Gone, NotReady, QuotaExceeded, Refused
from lambdas.core.facts import (
    AlarmState,
    Endpoint,
    EndpointStatus,
    Execution,
    Lookup,
    SpecRead,
    Trail,
    VersionDetail,
    VersionSummary,
)
from lambdas.core.names import VERSION_TAG, abort_alarm, version_in
from lambdas.core.record import Approval
from lambdas.core.spec import Autoscaling, GroupSpec
from lambdas.core.trail import witness_of

PROVISION = 240.0  # seconds until a new fleet stands
REVERT = 30.0  # seconds until traffic is back
SCALING = 60.0  # seconds that autoscaling keeps an endpoint busy
TRAIL_DELAY = 300.0  # seconds until CloudTrail tells of a call
ERRS = "errs"  # a version that starts, and errors on real requests
SOUND = "sound"
DOES_NOT_START = "does not start"
UNKNOWN_TYPE = "ml.not-here"  # an instance type on which no fleet comes up


@dataclass(frozen=True)
class Config:
    """An endpoint config and the content that its model was made with."""

    name: str
    model: str
    version: int
    instance_type: str | None
    count: int


@dataclass(frozen=True)
class Deployment:
    """An update under way: fleet at `baking_from`, over at `ends_at`."""

    config: str
    baking_from: float
    ends_at: float
    alarms: tuple[str, ...]


@dataclass(frozen=True)
class Served:
    """From when on a config was the one served."""

    at: float
    config: str
    version: int


@dataclass(frozen=True)
class Switches:
    """AWS's behaviour where no source tells it; see the table of switches."""

    trips_outside_baking: bool = False
    failure_reason: bool = False
    nameless: bool = False


@dataclass
class Cloud:
    """The truth. `now` in epoch seconds; `changed` tells who listens that something happened."""

    group: str
    now: float
    switches: Switches = Switches()
    spec: GroupSpec | None = None
    spec_modified: float = 0.0
    versions_: dict[int, VersionDetail] = field(default_factory=dict)
    created: dict[int, float] = field(default_factory=dict)
    kind: dict[int, str] = field(default_factory=dict)
    models: dict[str, tuple[Container, ...]] = field(default_factory=dict)
    configs: dict[str, Config] = field(default_factory=dict)
    endpoint: Endpoint | None = None
    endpoint_tags: dict[str, str] = field(default_factory=dict)
    deployment: Deployment | None = None
    free_at: float | None = None  # when autoscaling, a creation, a deletion or a way back ends
    reverting: bool = False
    alarms: dict[str, str] = field(default_factory=dict)  # guardrail by name → config that it watches
    aborting: bool = False
    scaling: Autoscaling | None = None
    capacity: int = 0
    quota: bool = True
    served: list[Served] = field(default_factory=list)
    deleted: dict[str, float] = field(default_factory=dict)  # when a config of that name last was deleted
    failures: list[tuple[float, str]] = field(default_factory=list)  # config that AWS gave up
    events: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    trail: list[tuple[float, dict[str, Any]]] = field(default_factory=list)

    # --- the registry, as read --------------------------------------------------------------------------

    def versions(self, group: str) -> tuple[VersionSummary, ...]:
        """ListModelPackages."""
        assert group == self.group
        return tuple(
            VersionSummary(v.version, v.arn, v.approval, v.status, self.created[v.version])
            for v in self.versions_.values()
        )

    def detail(self, arn: str) -> VersionDetail | None:
        """DescribeModelPackage."""
        found = next((v for v in self.versions_.values() if v.arn == arn), None)
        if found is None or not self.switches.nameless:
            return found
        return replace(found, author=None, registrant=None)

    def writes(self, lookups: Sequence[Lookup]) -> Trail:
        """LookupEvents: what is old enough to be there."""
        read = [witness_of(record) for at, record in self.trail if at + TRAIL_DELAY <= self.now]
        wanted = {(lookup.version, lookup.since) for lookup in lookups}
        found = [
            w
            for w in read
            if w is not None
            and any(w.version == version and (w.registered or w.at >= since) for version, since in wanted)
        ]
        return Trail(tuple(found), complete=True, since=dict(wanted))

    def read(self, group: str) -> SpecRead:
        """GetParameter."""
        assert group == self.group
        return SpecRead(self.spec, self.spec_modified)

    def execution(self, arn: str) -> Execution:
        raise AssertionError(arn)

    def last(self, schedule: str) -> None:
        raise AssertionError(schedule)

    def actors(self, group: str) -> Mapping[str, str]:
        """DescribeParameters."""
        assert group == self.group
        return {}

    # --- endpoints, as read -----------------------------------------------------------------------------

    def describe(self, name: str) -> Endpoint | None:
        """DescribeEndpoint."""
        endpoint = self.endpoint
        if endpoint is None or endpoint.name != name:
            return None
        pending = self.deployment.config if self.deployment else None
        return replace(endpoint, pending_config=pending)

    def tags(self, arn: str) -> Mapping[str, str]:
        """ListTags."""
        assert self.endpoint is not None
        assert self.endpoint.arn == arn
        return self.endpoint_tags

    def states(self, names: Sequence[str]) -> Mapping[str, AlarmState]:
        """DescribeAlarms."""
        return {name: self.alarm(name) for name in names}

    def alarm(self, name: str) -> AlarmState:
        """A guardrail is in ALARM while its fleet takes traffic and errs; the abort alarm while tripped."""
        if name == abort_alarm(self.group):
            return AlarmState.ALARM if self.aborting else AlarmState.OK
        if name not in self.alarms:
            return AlarmState.MISSING
        config = self.configs.get(self.alarms[name])
        errs = config is not None and self.kind.get(config.version) == ERRS
        return AlarmState.ALARM if errs and config and self._takes_traffic(config.name) else AlarmState.OK

    def _takes_traffic(self, config: str) -> bool:
        endpoint, deployment = self.endpoint, self.deployment
        if endpoint is None or endpoint.status in {EndpointStatus.CREATING, EndpointStatus.FAILED}:
            return False
        return endpoint.config == config or (
            deployment is not None and deployment.config == config and self.now >= deployment.baking_from
        )

    # --- actions ----------------------------------------------------------------------------------------

    def perform(self, action: do.Action) -> None:
        """Do what a decision wants done, or refuse it as AWS would."""
        match action:
            case do.CreateModel() | do.CreateConfig():
                self._make(action)
            case do.PutGuardrail():
                self.alarms[action.alarm] = action.config
            case do.CreateEndpoint():
                self._create(action)
            case do.UpdateEndpoint():
                self._update(action)
            case do.DeleteEndpoint():
                self._delete()
            case do.TripAbort() | do.ClearAbort():
                self._set_abort(tripped=isinstance(action, do.TripAbort))
            case do.DeletePlacement():
                self._delete_placement(action)
            case do.RegisterScaling():
                assert self.endpoint is not None, "scaling is registered for an endpoint that stands"
                self.scaling = action.autoscaling
            case do.RemoveScaling():
                self.scaling = None

    def _make(self, action: do.CreateModel | do.CreateConfig) -> None:
        if isinstance(action, do.CreateModel):
            if self.detail(action.tags[VERSION_TAG]) is None:
                raise Refused("no such model package")
            self.models.setdefault(action.name, action.containers)
            return
        if action.model not in self.models:
            raise Refused("no such model")
        version = version_in(action.name)
        assert version is not None, f"a config whose name tells no version: {action.name}"
        config = Config(action.name, action.model, version, action.instance_type, action.instance_count)
        self.configs.setdefault(action.name, config)

    def _create(self, action: do.CreateEndpoint) -> None:
        if self.endpoint is not None:
            raise Busy("Cannot create already existing endpoint")
        config = self._config(action.config, new=True)
        arn = f"arn:aws:sagemaker:eu-west-1:123456789012:endpoint/{action.name}"
        self.endpoint = Endpoint(action.name, arn, EndpointStatus.CREATING, config.name, self.now)
        self.endpoint_tags = dict(action.tags)
        self.capacity = config.count
        self.free_at = self.now + PROVISION
        self._endpoint_changed()

    def _update(self, action: do.UpdateEndpoint) -> None:
        endpoint = self._free_endpoint()
        config = self._config(action.config, new=action.config_is_new)
        if any(self.alarm(name) is AlarmState.MISSING for name in action.alarms):
            raise NotReady("an alarm does not exist")
        live = self.configs.get(endpoint.config)
        if self.scaling is not None and live is not None and live.instance_type != config.instance_type:
            raise Refused("deregister the scalable target before changing the instance type")
        baking_from = self.now + PROVISION
        ends = baking_from + (action.rollout.bake_seconds if action.rollout is not None else 0)
        self.deployment = Deployment(config.name, baking_from, ends, action.alarms)
        if not action.retain_capacity:
            self.capacity = config.count
        self._set(EndpointStatus.UPDATING)

    def _delete(self) -> None:
        if self.endpoint is None:
            return
        if self.endpoint.status is not EndpointStatus.FAILED:
            self._free_endpoint()
        self.free_at, self.scaling = self.now + REVERT, None
        self._set(EndpointStatus.DELETING)

    def _delete_placement(self, action: do.DeletePlacement) -> None:
        self.configs.pop(action.config, None)
        self.deleted[action.config] = self.now
        if action.model is not None:
            self.models.pop(action.model, None)
        for name in action.alarms:
            self.alarms.pop(name, None)

    def _free_endpoint(self) -> Endpoint:
        if self.endpoint is None:
            raise Gone("Could not find endpoint")
        if self.endpoint.status is not EndpointStatus.IN_SERVICE:
            raise Busy("Cannot update in-progress endpoint")
        return self.endpoint

    def _config(self, name: str, *, new: bool) -> Config:
        if not self.quota:
            raise QuotaExceeded("ResourceLimitExceeded")
        config = self.configs.get(name)
        if config is None:
            raise (NotReady if new else Gone)("Could not find endpoint configuration")
        if config.model not in self.models:
            raise Refused("Could not find model")
        return config

    def _set_abort(self, *, tripped: bool) -> None:
        if tripped != self.aborting:
            self.aborting = tripped
            self._alarm_event(abort_alarm(self.group))

    # --- time -------------------------------------------------------------------------------------------

    def next_change_at(self) -> float | None:
        """When something happens by itself."""
        if self.free_at is not None:
            return self.free_at
        if self.deployment is None:
            return None
        if self._sees_alarm(self.deployment):
            return self.now
        return (
            self.deployment.ends_at
            if self.now >= self.deployment.baking_from
            else self.deployment.baking_from
        )

    def advance(self, seconds: float) -> None:
        """Let time pass, step by step."""
        until = self.now + seconds
        while (change := self.next_change_at()) is not None and change <= until:
            self.now = max(self.now, change)
            self._happen()
        self.now = max(self.now, until)

    def _sees_alarm(self, deployment: Deployment) -> bool:
        watching = self.now >= deployment.baking_from or self.switches.trips_outside_baking
        return watching and any(self.alarm(name) is AlarmState.ALARM for name in deployment.alarms)

    def _happen(self) -> None:
        if self.free_at is not None:
            self._come_free()
        elif self.deployment is not None:
            self._proceed(self.deployment)

    def _come_free(self) -> None:
        assert self.endpoint is not None
        self.free_at = None
        match self.endpoint.status:
            case EndpointStatus.DELETING:
                self.endpoint = None
                self._event("SageMaker Endpoint State Change", {"EndpointName": self.group})
            case EndpointStatus.CREATING if not self._starts(self.endpoint.config):
                self.failures.append((self.now, self.endpoint.config))
                self._set(EndpointStatus.FAILED, "the container did not start")
            case EndpointStatus.CREATING:
                self._serve(self.endpoint.config)
            case _:  # autoscaling is done, or traffic is back
                reason = "an alarm tripped" if self.reverting and self.switches.failure_reason else None
                self.reverting = False
                self._set(EndpointStatus.IN_SERVICE, reason)

    def _proceed(self, deployment: Deployment) -> None:
        if self._sees_alarm(deployment):
            guardrails = [n for n in deployment.alarms if n != abort_alarm(self.group)]
            if any(self.alarm(name) is AlarmState.ALARM for name in guardrails):
                self.failures.append((self.now, deployment.config))
            self._revert()
        elif not self._starts(deployment.config):
            self.failures.append((self.now, deployment.config))
            self._revert()
        elif self.now >= deployment.ends_at:
            self.deployment = None
            self._serve(deployment.config)
        else:
            self._deployment_event()
            self._watch(deployment.config)

    def _starts(self, name: str) -> bool:
        config = self.configs[name]
        return self.kind.get(config.version) != DOES_NOT_START and config.instance_type != UNKNOWN_TYPE

    def _revert(self) -> None:
        self.deployment, self.reverting = None, True
        self.free_at = self.now + REVERT
        self._set(EndpointStatus.ROLLING_BACK)

    def _serve(self, name: str) -> None:
        assert self.endpoint is not None
        self.endpoint = replace(self.endpoint, config=name)
        self.served.append(Served(self.now, name, self.configs[name].version))
        self._set(EndpointStatus.IN_SERVICE)
        self._watch(name)

    def _watch(self, config: str) -> None:
        """Tell of guardrails that trip as their fleet takes traffic."""
        for name, watched in self.alarms.items():
            if watched == config and self.alarm(name) is AlarmState.ALARM:
                self._alarm_event(name)

    def _set(self, status: EndpointStatus, failure: str | None = None) -> None:
        assert self.endpoint is not None
        # Two changes in one moment still are two: LastModifiedTime never stands still.
        modified = max(self.now, self.endpoint.modified + 0.001)
        self.endpoint = replace(self.endpoint, status=status, failure=failure, modified=modified)
        self._endpoint_changed()

    # --- what people and AWS itself do ------------------------------------------------------------------

    def autoscale(self) -> None:
        """Autoscaling (or maintenance) takes a free endpoint for a while."""
        if self.endpoint is not None and self.endpoint.status is EndpointStatus.IN_SERVICE:
            self.free_at = self.now + SCALING
            self._set(EndpointStatus.UPDATING)

    def write(self, version: VersionDetail, *fields: str) -> None:
        """CreateModelPackage or UpdateModelPackage, with its event, and CloudTrail's."""
        created = version.version not in self.versions_
        self.created.setdefault(version.version, version.modified)
        self.versions_[version.version] = version
        self._witness(version, fields, created=created)
        self._event(
            "SageMaker Model Package State Change",
            {
                "ModelPackageGroupName": self.group,
                "ModelPackageVersion": version.version,
                "ModelApprovalStatus": version.approval.value,
                "LastModifiedTime": version.modified * 1000,
                "UpdatedModelPackageFields": list(fields),
                "InferenceSpecification": {
                    "Containers": [
                        {"Image": c.image, "ModelDataUrl": c.model_data} for c in version.containers
                    ]
                },
            },
        )

    def _witness(self, version: VersionDetail, fields: tuple[str, ...], *, created: bool) -> None:
        assert version.author is not None
        asked: dict[str, object] = {"modelPackageArn": version.arn}
        if "ModelApprovalStatus" in fields:
            asked["modelApprovalStatus"] = version.approval.value
        if "InferenceSpecification" in fields:
            asked["inferenceSpecification"] = {}
        record: dict[str, object] = {
            "eventID": f"e-{len(self.trail)}",
            "eventName": "CreateModelPackage" if created else "UpdateModelPackage",
            "eventTime": datetime.fromtimestamp(int(version.modified), UTC).isoformat(),
            "userIdentity": {"arn": version.author.arn},
            "requestParameters": asked,
            "responseElements": {"modelPackageArn": version.arn},
        }
        self.trail.append((self.now, record))
        if "ModelApprovalStatus" in fields:  # as our rule has it
            self._event("AWS API Call via CloudTrail", record)

    def delete(self, version: int) -> None:
        """DeleteModelPackage."""
        gone = self.versions_.pop(version)
        self._event(
            "SageMaker Model Package State Change",
            {"ModelPackageGroupName": self.group, "ModelPackageVersion": gone.version},
        )

    def put_spec(self, spec: GroupSpec | None) -> None:
        """PutParameter or DeleteParameter."""
        self.spec, self.spec_modified = spec, self.now
        self._event("Parameter Store Change", {"name": f"/greenlight/groups/{self.group}"})

    def turn(self, version: int, kind: str) -> None:
        """A version's behaviour changes in production."""
        self.kind[version] = kind
        if self.endpoint is not None:
            self._watch(self.endpoint.config)

    def version_of(self, config: str) -> int | None:
        """The version that a config serves."""
        found = self.configs.get(config)
        return found.version if found else None

    def is_approved(self, version: int) -> bool:
        """Whether a version is Approved in the registry now."""
        found = self.versions_.get(version)
        return found is not None and found.approval is Approval.APPROVED

    def _endpoint_changed(self) -> None:
        assert self.endpoint is not None
        self._event("SageMaker Endpoint State Change", {"EndpointName": self.endpoint.name})

    def _deployment_event(self) -> None:
        assert self.endpoint is not None
        self._event("SageMaker Endpoint Deployment State Change", {"EndpointName": self.endpoint.name})

    def _alarm_event(self, name: str) -> None:
        self._event("CloudWatch Alarm State Change", {"alarmName": name})

    def _event(self, kind: str, detail: dict[str, object]) -> None:
        self.events.append((kind, detail))
