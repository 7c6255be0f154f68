"""One group on the local AWS, and everything that a test does with it in a line each."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from botocore.exceptions import ClientError

from lambdas.core.ledger import Kind
from local.aws import LocalAws
from local.demo.people import APPROVER, CLIENT, SCIENTIST, session
from local.demo.watch import Watch
from tests.e2e.models import artifact

T = TypeVar("T")
BUCKET = "greenlight-demo-models"
ACCOUNT = "123456789012"
IMAGE = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/inference:1"
_SLOW = 60.0  # AWS seconds a second
_BURST = 5  # requests between two looks, so that a canary that bakes for two seconds meets enough of them
_SWEEP_EVERY = 8.0  # wall seconds: far more AWS minutes than five
_CALLS_TOLD = 400  # of all calls, among which those of the function are, when something is waited for in vain
PATIENCE = 600.0  # wall seconds; what takes longer hangs, also on a machine with twice the work it can do


def group_yaml(name: str, **changes: Any) -> str:
    """The YAML of a group with a canary and an error guardrail."""
    group: dict[str, Any] = {
        "name": name,
        "owner": "e2e@example.com",
        "description": "a group of the end-to-end tests",
        "approvers": [f"arn:aws:iam::{ACCOUNT}:role/{APPROVER.company_role}"],
        "registrants": [f"arn:aws:iam::{ACCOUNT}:role/{SCIENTIST.company_role}"],
        "artifacts": [f"s3://{BUCKET}/{name}"],
        "endpoint": {"instance_type": "ml.m5.large", "instance_count": 2},
        "rollout": {"strategy": "canary", "bake_seconds": 600, "termination_wait_seconds": 0},
        "guardrails": {"error_rate": 0.05},
        "probation_minutes": 0,
    }
    return yaml.safe_dump(group | changes)


@dataclass
class Scene:
    """A group and its people. `endpoint` is the endpoint's name."""

    aws: LocalAws
    group: str
    endpoint: str = ""
    asynchronous: bool = False
    watch: Watch = field(init=False)
    arns: dict[int, str] = field(default_factory=dict, init=False)
    _clients: dict[str, Any] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.endpoint = self.endpoint or self.group
        self.watch = Watch(self.aws, self.group)

    def deploy(self, folder: Path, **changes: Any) -> None:
        """Deploy the group's stack, and no other, with a YAML that has these changes; `folder`: an empty one."""
        (folder / f"{self.group}.yaml").write_text(group_yaml(self.group, **changes))
        output = tempfile.mkdtemp(dir=folder)
        self.aws.cdk(
            *("deploy", f"Greenlight-Group-{self.group}", "--exclusively", "--require-approval", "never"),
            *("--no-staging", "--output", output, "--context", f"groups={folder}"),
        )

    def scientist(self) -> Any:
        """SageMaker as the group's registrant."""
        return self._client(
            "registrant", lambda: session(self.aws, SCIENTIST, "sagemaker", (self.group, "registrant"))
        )

    def approver(self) -> Any:
        """SageMaker as the group's approver."""
        return self._client(
            "approver", lambda: session(self.aws, APPROVER, "sagemaker", (self.group, "approver"))
        )

    def register(self, kind: str = "sound", **request: Any) -> int:
        """Register a version; returns its number."""
        key = f"{self.group}/{len(self.arns) + 1}/model.tar.gz"
        content = artifact(kind, f"{self.group}/{len(self.arns) + 1}")
        self._client("s3", lambda: session(self.aws, SCIENTIST, "s3")).put_object(
            Bucket=BUCKET, Key=key, Body=content
        )
        inference = {
            "Containers": [{"Image": IMAGE, "ModelDataUrl": f"s3://{BUCKET}/{key}"}],
            "SupportedContentTypes": ["text/plain"],
            "SupportedResponseMIMETypes": ["text/plain"],
        }
        asked = {
            "ModelPackageGroupName": self.group,
            "ModelApprovalStatus": "PendingManualApproval",
            "InferenceSpecification": inference,
            **request,
        }
        arn = self.scientist().create_model_package(**{k: v for k, v in asked.items() if v is not None})
        version = int(str(arn["ModelPackageArn"]).rsplit("/", maxsplit=1)[-1])
        self.arns[version] = arn["ModelPackageArn"]
        return version

    def container(self, version: int) -> dict[str, str]:
        """The image and artifact of a version."""
        described = self.scientist().describe_model_package(ModelPackageName=self.arns[version])
        container = described["InferenceSpecification"]["Containers"][0]
        return {key: str(container[key]) for key in ("Image", "ModelDataUrl")}

    def decide(self, version: int, status: str, reason: str = "e2e") -> None:
        """The approver decides."""
        self.approver().update_model_package(
            ModelPackageArn=self.arns[version], ModelApprovalStatus=status, ApprovalDescription=reason
        )

    def approve(self, version: int) -> None:
        """The approver approves."""
        self.decide(version, "Approved")

    def reject(self, version: int) -> None:
        """The approver rejects."""
        self.decide(version, "Rejected")

    def go_live(self, kind: str = "sound") -> int:
        """Register, approve, and wait until it is live and verified."""
        version = self.register(kind)
        self.approve(version)
        self.until_live(version)
        return version

    def until(self, what: str, seek: Callable[[], T | None], traffic: bytes | None = None) -> T:
        """Wait for something, sending requests meanwhile if given a body."""
        deadline = time.monotonic() + PATIENCE
        while (found := seek()) is None:
            if time.monotonic() > deadline:
                raise AssertionError(f"waited in vain for {what}; {self._state_of_things()}")
            if traffic is None:
                time.sleep(0.1)
            else:
                for _ in range(_BURST):
                    self.invoke(traffic)
        return found

    def _state_of_things(self) -> str:
        """What helps to see why nothing comes: endpoint, ledger, queue, the last calls, the server's warnings."""
        lines = [f"{e.seq} {e.kind} v{e.version}: {e.reason}" for e in self.watch.ledger()]
        calls = [
            f"{call['start']:.1f} {call['service']} {call['operation']} {call['status']} {call['resource']}"
            for call in self.calls(max(0, self.aws.last_request() - _CALLS_TOLD))
        ]
        waiting, in_flight = self.watch.messages()
        queue = f"{time.time():.1f} messages: {waiting} waiting, {in_flight} in flight"
        return "\n".join([self.watch.progress(), *lines, *calls, queue, self.aws.log()])

    def until_live(self, version: int, traffic: bytes | None = None) -> None:
        """Wait until a version is live, verified and settled."""
        self.until_swept(f"v{version} to be live", lambda: self.watch.settled_on(version), traffic)

    def until_swept(self, what: str, seek: Callable[[], T | None], traffic: bytes | None = None) -> T:
        """Wait for something. What events leave open the sweep takes up now and then, as in AWS: a look may have to
        wait until another one has ended, and no event tells it."""
        swept = time.monotonic()

        def sweep_and_seek() -> T | None:
            nonlocal swept
            if time.monotonic() - swept > _SWEEP_EVERY:
                self.watch.sweep(full=False)
                swept = time.monotonic()
            return seek()

        return self.until(what, sweep_and_seek, traffic)

    def until_noted(self, version: int) -> None:
        """Wait until the looks at a registration are over: one that comes late would see what is written next."""
        self.until_said(Kind.PENDING, version)
        self.until("the looks at its registration to be over", lambda: self.watch.at_rest() or None)

    def until_said(self, kind: Kind, version: int | None, traffic: bytes | None = None) -> str:
        """Wait until the ledger says this of a version; returns the reason."""
        return self.until_swept(
            f"the ledger to say {kind.value} of v{version}",
            lambda: next(
                (e.reason for e in self.watch.ledger() if (e.kind, e.version) == (kind, version)), None
            ),
            traffic,
        )

    def invoke(self, body: bytes = b"hello") -> str:
        """Ask the endpoint once; its answer, or the error's code. An asynchronous one: where the answer will lie."""
        runtime = self._client("runtime", lambda: session(self.aws, CLIENT, "sagemaker-runtime"))
        try:
            if self.asynchronous:
                asked = runtime.invoke_endpoint_async(
                    EndpointName=self.endpoint, ContentType="text/plain", Body=body
                )
                return str(asked["OutputLocation"])
            answer = runtime.invoke_endpoint(EndpointName=self.endpoint, ContentType="text/plain", Body=body)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return str(answer["Body"].read().decode())

    @contextmanager
    def slowly(self) -> Iterator[None]:
        """Let AWS's clock run slower, so that on a busy machine too a bake is long enough to do something in it."""
        before = self.aws.control()["time_scale"]
        self.aws.control(time_scale=_SLOW)
        try:
            yield
        finally:
            self.aws.control(time_scale=before)

    def calls(self, since: int) -> list[dict[str, Any]]:
        """What reconcile called, after the request numbered `since`, in the order of their starts."""
        made = [call for call in self.aws.requests(since) if "reconcile" in str(call["principal"]).lower()]
        # Taking messages from the queue is Lambda's own doing, in AWS by its pollers.
        return sorted(
            (c for c in made if c["service"] not in {"sqs", "logs"}), key=lambda call: float(call["start"])
        )

    def kinds(self) -> Counter[str]:
        """How often the ledger says what."""
        return Counter(entry.kind for entry in self.watch.ledger())

    def _client(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._clients:
            self._clients[name] = make()
        return self._clients[name]
