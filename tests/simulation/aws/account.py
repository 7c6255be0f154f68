"""One account in one region: every service on one virtual clock, and the bus between them."""

import functools
import heapq
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from lambdas.core.names import ACT_PREFIX, ALARM_PREFIX, PARAMETER_PREFIX, abort_alarm, version_in
from local.sagemaker import routing
from local.sagemaker.clock import VirtualClock
from local.sagemaker.ports import Fleet, MonitoringRun, PipelineRun
from local.sagemaker.service import Caller, Faults, SageMaker, SageMakerError, Switches, Timings
from tests.simulation.aws.alarms import Alarms
from tests.simulation.aws.client import Answer, Client
from tests.simulation.aws.inference import DOES_NOT_START, ERRS, SOUND, Inference
from tests.simulation.aws.parameters import Parameters
from tests.simulation.aws.queue import Queue, RetrainQueue
from tests.simulation.aws.tables import Tables
from tests.simulation.aws.trail import Trail
from tests.simulation.aws.training import Training
from tests.simulation.fate import Fate, NoFate, refusal

ACCOUNT, REGION = "123456789012", "eu-west-1"
START = 1_800_000_000.0
STATE_TABLE, LEDGER_TABLE = "state", "ledger"
TIMINGS = Timings(
    provision=120, container_start=20, alarm_poll=10, delete=20, teardown=10, monitoring_by_cron=False
)
_ENDED = {"Succeeded", "Failed", "Stopped"}
_DECISIONS = {"Approved", "Rejected", "PendingManualApproval"}
# Rules as infra.constructs.rules has them: what of an event becomes the message group.
_PATHS = {
    "SageMaker Model Package State Change": "ModelPackageGroupName",
    "SageMaker Endpoint State Change": "EndpointName",
    "SageMaker Endpoint Deployment State Change": "EndpointName",
    "CloudWatch Alarm State Change": "alarmName",
    "Parameter Store Change": "name",
    "AWS API Call via CloudTrail": "eventID",
    "SageMaker Model Building Pipeline Execution Status Change": "pipelineExecutionArn",
    "SageMaker Processing Job State Change": "ProcessingJobName",
}


@dataclass
class Call:
    """A call that somebody made, in order."""

    at: float
    function: str
    service: str
    operation: str
    request: dict[str, Any]
    error: str | None = None


class Watcher(Protocol):
    """Sees every call just before it takes effect, and once it did."""

    def before(self, call: Call) -> None: ...
    def after(self, call: Call) -> None: ...


@dataclass
class Scaling:
    """Application Auto Scaling: the registered targets by resource."""

    targets: dict[str, tuple[int, int]] = field(default_factory=dict)

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """RegisterScalableTarget, PutScalingPolicy or DeregisterScalableTarget."""
        resource = request["ResourceId"]
        if operation == "RegisterScalableTarget":
            self.targets[resource] = (request["MinCapacity"], request["MaxCapacity"])
            return {}
        if resource not in self.targets:
            raise refusal(operation, "ObjectNotFoundException", f"No scalable target {resource}")
        if operation == "DeregisterScalableTarget":
            del self.targets[resource]
            return {}
        return {"PolicyARN": "arn:policy", "Alarms": []}


class _Clients:
    """A client of each service, made when first asked for."""

    def __init__(self, make: Callable[[str], Client]) -> None:
        self._make = make

    def __getattr__(self, name: str) -> Client:
        made = self.__dict__[name] = self._make(name.replace("_", "-"))
        return made


class Aws:
    """The account.

    Args:
        switches: what AWS's documentation leaves open.
        lag: seconds until lists, searches and indexes show a write.
        fate: what befalls calls of functions, and events.
        literal: whether a rule's path to the message group is taken literally: all share one.
    """

    def __init__(
        self,
        switches: Switches | None = None,
        *,
        lag: float = 0.0,
        fate: Fate | None = None,
        literal: bool = False,
    ) -> None:
        self.clock = VirtualClock(START)
        self.fate: Fate = fate or NoFate()
        self.lag, self.literal = lag, literal
        self.log: list[Call] = []
        self.watchers: list[Watcher] = []
        self.kinds: dict[str, str] = {}
        self.objects: dict[str, bytes | BaseException] = {}
        self.boundary: Callable[[], None] = lambda: None
        self.validates = True
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._number = itertools.count()
        self.faults = Faults()
        self.sagemaker = SageMaker(
            account=ACCOUNT,
            region=REGION,
            clock=self.clock,
            world=self,
            switches=switches,
            faults=self.faults,
            timings=TIMINGS,
        )
        self.tables = Tables(self.clock.now, lag)
        self.tables.make(STATE_TABLE, "group")
        self.tables.make(LEDGER_TABLE, "group", "seq")
        self.retrain_queue = RetrainQueue(self.clock.now, self._copies)
        self.queue = Queue(self.clock.now, self.retrain_queue.send)
        self.training = Training(self._the_sagemaker, self.later)
        self.alarms = Alarms(self.clock.now, self._publish, self._errs)
        self.parameters = Parameters(self.clock.now, self._publish)
        self.trail = Trail(self.clock.now, self._publish)
        self.scaling = Scaling()
        self.inference = Inference(self.serving, self.kind_of)

    # --- what SageMaker asks of the world -----------------------------------------------------------------------

    def emit(self, detail_type: str, resources: list[str], detail: dict[str, Any]) -> None:
        """An event of SageMaker."""
        del resources
        self._publish("aws.sagemaker", detail_type, detail)

    def alarm_state(self, name: str) -> str | None:
        """An alarm's state."""
        return self.alarms.state(name)

    def object_exists(self, s3_uri: str) -> bool:
        """Every artifact is there."""
        return bool(s3_uri)

    def role_assumable(self, role_arn: str) -> bool:
        """Every role is there."""
        return bool(role_arn)

    def start_fleet(self, fleet: Fleet) -> str | None:
        """It starts, unless its artifact does not."""
        uri = fleet.containers[0].model_data_url or ""
        return "the container did not answer /ping" if self.kinds.get(uri) == DOES_NOT_START else None

    def stop_fleet(self, fleet: Fleet) -> None:
        """It ends."""

    def run_pipeline(self, run: PipelineRun) -> None:
        """A pipeline begins."""
        self.training.run_pipeline(run)

    def stop_pipeline(self, arn: str) -> None:
        """Nobody stops one."""
        raise AssertionError(arn)

    def inspect(self, run: MonitoringRun) -> None:
        """A monitoring run begins."""
        self.training.inspect(run)

    def _the_sagemaker(self) -> SageMaker:
        return self.sagemaker

    def _copies(self) -> list[float]:
        """Of a message in a standard queue: late or twice, but never lost."""
        return self.fate.deliveries() or [0.0]

    # --- clients ------------------------------------------------------------------------------------------------

    def clients(self, function: str, caller: Caller) -> Any:
        """What `lambdas.adapters.aws.Aws` has, for a function or a person."""
        handlers = {
            "sagemaker": lambda operation, request: self._sagemaker(operation, request, caller),
            "dynamodb": self.tables.call,
            "sqs": self.queue.call,
            "ssm": self.parameters.call,
            "cloudwatch": self.alarms.call,
            "cloudtrail": self.trail.call,
            "application-autoscaling": self.scaling.call,
            "sagemaker-runtime": self.inference.call,
        }
        return _Clients(
            lambda service: Client(
                service,
                self._answering(function, service, handlers[service]),
                validates=self.validates,
            )
        )

    def _answering(
        self, function: str, service: str, handler: Callable[..., Answer]
    ) -> Callable[..., Answer]:
        faulty = function != "person"

        def answer(operation: str, request: dict[str, Any]) -> Answer:
            if faulty:
                self.boundary()
                self.fate.before(operation)
            call = Call(self.clock.now(), function, service, operation, request)
            self.log.append(call)
            for watcher in self.watchers:
                watcher.before(call)
            try:
                found = handler(operation, request)
            except Exception as error:
                call.error = type(error).__name__
                raise
            for watcher in self.watchers:
                watcher.after(call)
            if faulty:
                self.fate.after(operation)
            return found

        return answer

    def _sagemaker(self, operation: str, request: dict[str, Any], caller: Caller) -> Answer:
        try:
            answer = self.sagemaker.call(operation, request, caller)
        except SageMakerError as error:
            raise refusal(operation, error.code, error.message, error.status) from error
        self.trail.record(operation, request, answer, caller)
        if operation == "Search" and self.lag:
            return self._lagging(answer)
        return answer

    def _lagging(self, answer: Answer) -> Answer:
        late = self.clock.now() - self.lag
        shown = [
            one for one in answer["Results"] if next(iter(one.values())).get("LastModifiedTime", 0.0) <= late
        ]
        return {**answer, "Results": shown}

    # --- the bus ------------------------------------------------------------------------------------------------

    def _publish(self, source: str, kind: str, detail: dict[str, Any]) -> None:
        """An event goes to our queue if one of our rules takes it, as fate has it."""
        if not _heard(kind, detail):
            return
        body = json.dumps({"source": source, "detail-type": kind, "detail": detail})
        group = "$.detail" if self.literal else str(detail[_PATHS[kind]])
        for delay in self.fate.deliveries():
            self.later(delay, functools.partial(self.queue.send, body, group))

    def later(self, seconds: float, do: Callable[[], None]) -> None:
        """Do something when so much time has passed."""
        heapq.heappush(self._due, (self.clock.now() + seconds, next(self._number), do))

    # --- traffic ------------------------------------------------------------------------------------------------

    def serving(self, endpoint: str) -> dict[str, float]:
        """The configs that take an endpoint's traffic now, with their shares."""
        try:
            shares = routing.route(self.sagemaker._account, endpoint)
        except SageMakerError:
            return {}
        found: dict[str, float] = {}
        for fleet, share in shares:
            found[fleet.config] = found.get(fleet.config, 0.0) + share
        return found

    def kind_of(self, config: str) -> str:
        """How the version behind a config behaves."""
        state = self.sagemaker._account.state
        found = state.configs.get(config.lower())
        model = (
            state.models.get(found.fields["ProductionVariants"][0]["ModelName"].lower()) if found else None
        )
        uri = model.containers[0].model_data_url if model and model.containers else None
        return self.kinds.get(uri or "", SOUND)

    def _errs(self, config: str) -> bool:
        if self.kind_of(config) != ERRS:
            return False
        return any(config in self.serving(name) for name in self.endpoint_names())

    def endpoint_names(self) -> list[str]:
        """Of all endpoints."""
        return [one.name for one in self.sagemaker._account.state.endpoints.values()]

    # --- time ---------------------------------------------------------------------------------------------------

    def next_change_at(self) -> float | None:
        """When something happens by itself next, messages that become visible included."""
        times = (self.next_due_at(), self.queue.next_at(), self.retrain_queue.next_at())
        return min((at for at in times if at is not None), default=None)

    def next_due_at(self) -> float | None:
        """When something happens by itself next, but for messages."""
        times = (
            self.sagemaker.next_change_at(),
            self._due[0][0] if self._due else None,
            self.alarms.next_at(),
            self.trail.next_at(),
        )
        return min((at for at in times if at is not None), default=None)

    def advance_to(self, at: float) -> None:
        """Let everything happen that is due by then, in order."""
        while (nearest := self.next_due_at()) is not None and nearest <= at:
            self.clock.advance_to(nearest)
            self._happen()
        self.clock.advance_to(at)
        self._happen()

    def _happen(self) -> None:
        self.sagemaker.tick()
        while self._due and self._due[0][0] <= self.clock.now():
            heapq.heappop(self._due)[2]()
        self.trail.tick()
        self.alarms.look_at_traffic()
        self.alarms.tick()


def _heard(kind: str, detail: dict[str, Any]) -> bool:
    """Whether one of our rules takes an event."""
    match kind:
        case "SageMaker Model Package State Change":
            return "ModelPackageGroupName" in detail and detail.get("ModelApprovalStatus") in _DECISIONS
        case "CloudWatch Alarm State Change":
            return str(detail["alarmName"]).startswith(ALARM_PREFIX)
        case "Parameter Store Change":
            return str(detail["name"]).startswith((PARAMETER_PREFIX, ACT_PREFIX))
        case "AWS API Call via CloudTrail":
            status = detail["requestParameters"].get("modelApprovalStatus")
            pending = status == "PendingManualApproval" and detail["eventName"] == "CreateModelPackage"
            return status in _DECISIONS and not pending
        case "SageMaker Model Building Pipeline Execution Status Change":
            return detail["currentPipelineExecutionStatus"] in _ENDED
        case "SageMaker Processing Job State Change":
            return "MonitoringScheduleArn" in detail
    return True


def group_alarm(group: str) -> str:
    """The abort alarm, which a group's stack makes."""
    return abort_alarm(group)


def version_of(config: str) -> int | None:
    """The version that a config of ours was made for."""
    return version_in(config)
