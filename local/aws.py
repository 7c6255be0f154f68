"""A local AWS for tests and the demo: starts it, points clients and commands at it, stops it for certain."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self

import boto3
from botocore.config import Config

from local.server.settings import ACCOUNT, REGION, SECRET_KEY, client_environment, free_port

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

ROOT = Path(__file__).resolve().parent.parent
START_TIMEOUT = 60.0
STOP_TIMEOUT = 15.0


class LocalAwsError(RuntimeError):
    """The local AWS did not start, stopped by itself, or refused a setting; the message has its log."""


@dataclass
class LocalAws:
    """A local AWS in a child process, as a context manager.

    Example:
        with LocalAws() as aws:
            aws.cdk("deploy", "--app", "cdk.out", "--all")
            aws.client("sagemaker", role="arn:aws:iam::123456789012:role/greenlight/fraud-approver")

    `time_scale` is AWS seconds per wall second; `pipelines` are Python callables (package.module:callable) by the names
    of the SageMaker pipelines that they are. Leaving the context ends the server and all its processes.
    """

    time_scale: float = 60.0
    port: int = 0
    account: str = ACCOUNT
    region: str = REGION
    pipelines: Mapping[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)
    _output: BinaryIO | None = field(default=None, init=False, repr=False)
    _clients: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    @property
    def endpoint(self) -> str:
        """The URL of every service."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def page(self) -> str:
        """Where a browser finds the page of the account's dashboard."""
        return f"{self.endpoint}/_local/page"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server and wait until it answers. Raises LocalAwsError, with its log, if it does not."""
        self.port = self.port or free_port()
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop; has no name, so nothing is left behind
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment |= {"LOCAL_AWS_PORT": str(self.port), "LOCAL_TIME_SCALE": str(self.time_scale)}
        if self.pipelines:
            environment["LOCAL_PIPELINES"] = ",".join(
                f"{name}={what}" for name, what in self.pipelines.items()
            )
        self._process = subprocess.Popen(
            [sys.executable, "-m", "local", "--with-parent"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._output,
        )
        try:
            self._wait_until_ready(self._process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server and everything it has started, at once if it does not end by itself."""
        self._clients.clear()
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdin is not None:
                process.stdin.close()
        if self._output is not None:
            self._output.close()
            self._output = None

    def log(self) -> str:
        """What the server has said so far: warnings and failures."""
        if self._output is None:
            return ""
        # By position, so that the server, which shares the file's position, goes on writing at the end.
        descriptor = self._output.fileno()
        return os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode(errors="replace")

    def environment(self) -> dict[str, str]:
        """The environment of this process, with every AWS client pointed at the local AWS as root."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return kept | client_environment(self.endpoint, self.account, self.region)

    def client(
        self, service: str, role: str | None = None, session_name: str | None = None, **settings: Any
    ) -> Any:
        """A boto3 client, as root, or in a session of `role` (an ARN, or a name with its path).

        Root's client of a service, without further settings, is made once: making one takes longer than a call.

        Raises botocore's ClientError (AccessDenied) if the role does not trust root.
        """
        plain = role is None and not settings
        if plain and service in self._clients:
            return self._clients[service]
        credentials: dict[str, Any] = {"aws_access_key_id": self.account, "aws_secret_access_key": SECRET_KEY}
        if role is not None:
            arn = role if role.startswith("arn:") else f"arn:aws:iam::{self.account}:role/{role.strip('/')}"
            name = session_name or "local"
            answer = self.client("sts").assume_role(RoleArn=arn, RoleSessionName=name)["Credentials"]
            credentials = {
                "aws_access_key_id": answer["AccessKeyId"],
                "aws_secret_access_key": answer["SecretAccessKey"],
                "aws_session_token": answer["SessionToken"],
            }
        config = Config(retries={"total_max_attempts": 1, "mode": "standard"}).merge(
            settings.pop("config", None) or Config()
        )
        client = boto3.session.Session(region_name=self.region, **credentials).client(  # type: ignore[call-overload] # the service is the caller's choice
            service, endpoint_url=self.endpoint, config=config, **settings
        )
        if plain:
            self._clients[service] = client
        return client

    def cdk(self, *arguments: str, cwd: Path | None = None) -> str:
        """Run the project's CDK CLI; what it said. Raises LocalAwsError, with that, if it fails."""
        command = [str(ROOT / "node_modules" / ".bin" / "cdk"), *arguments]
        done = subprocess.run(  # noqa: S603 - the pinned CDK CLI
            command,
            cwd=cwd or ROOT,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise LocalAwsError(f"cdk {' '.join(arguments)} failed:\n{done.stdout}\n{self.log()}")
        return done.stdout

    def bootstrap(self) -> str:
        """Run `cdk bootstrap` for the local account and region."""
        # In an empty folder: beside a cdk.json the CLI would synthesise the whole app first.
        with tempfile.TemporaryDirectory() as empty:
            return self.cdk("bootstrap", f"aws://{self.account}/{self.region}", cwd=Path(empty))

    def outputs(self, stack: str) -> dict[str, str]:
        """What a stack gives, by name."""
        (described,) = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        return {one["OutputKey"]: str(one["OutputValue"]) for one in described.get("Outputs", [])}

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        """The API calls served after the one numbered `since`: sequence, start, end, service, operation, …"""
        return list(self._local("GET", f"requests?since={since}")["requests"])

    def last_request(self) -> int:
        """The number of the last API call; pass it to `requests` later."""
        return int(self._local("GET", f"requests?since={1 << 60}")["last"])

    def control(self, **settings: object) -> dict[str, Any]:
        """Change settings at run time; all of them as they then are. See local/README.md for their names."""
        return self._local("POST", "settings", settings)

    def reset(self) -> None:
        """Empty every service of the local AWS, and set every switch and fault back."""
        self._local("POST", "reset", {})

    def _local(self, method: str, path: str, content: object | None = None) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{self.endpoint}/_local/{path}",
            method=method,
            data=None if content is None else json.dumps(content).encode(),
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 - loopback
                return dict(json.load(response))
        except urllib.error.HTTPError as error:
            raise LocalAwsError(f"the local AWS refuses: {error.read().decode()}") from error

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise LocalAwsError(f"the local AWS ended with status {process.returncode}:\n{self.log()}")
            try:
                answering = self._local("GET", "health")["process"]
            except OSError:
                time.sleep(0.05)
                continue
            if answering == process.pid:
                return
            time.sleep(0.05)  # another server has the port; ours is about to end for that
        raise LocalAwsError(f"the local AWS did not answer within {START_TIMEOUT:.0f} s:\n{self.log()}")
