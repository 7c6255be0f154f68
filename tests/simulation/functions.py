"""The three functions as they are put together in Lambda, on the simulated AWS."""

# ruff: noqa: ARG002 - the reporter has the arguments of its protocol

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aws_lambda_powertools import Logger

from lambdas.adapters.alarms import Alarms
from lambdas.adapters.calendar import holding
from lambdas.adapters.endpoints import Endpoints
from lambdas.adapters.executor import Executor
from lambdas.adapters.monitoring import Monitoring
from lambdas.adapters.pipelines import Pipelines
from lambdas.adapters.queue import DeadLetters, Queue, RetrainQueue
from lambdas.adapters.registry import Registry
from lambdas.adapters.scaling import Scaling
from lambdas.adapters.specs import Specs
from lambdas.adapters.store import Store
from lambdas.adapters.trails import Trails
from lambdas.adapters.trials import Trials
from lambdas.core.errors import GreenlightError, Unreadable
from lambdas.core.running import Asked
from lambdas.reconcile.batch import process
from lambdas.reconcile.look import PartFailed, Step
from lambdas.reconcile.ports import Ports
from lambdas.retrain.report import Report as RetrainReport
from lambdas.retrain.starter import Starter
from lambdas.sweep.handler import App, sweep
from local.sagemaker.service import Caller
from tests.simulation.aws.account import ACCOUNT, LEDGER_TABLE, STATE_TABLE, Aws
from tests.simulation.aws.queue import Message
from tests.simulation.violation import Violation, must

_QUIET = Logger(service="simulation", level="CRITICAL")

# Of CloudTrail, in a stretch and in a look: a tenth of what it is, as floods here are a tenth.
SOME_PAGES = (2, 12)


class Reporter:
    """Counts, and lets a bug be a bug: only our own errors are expected."""

    def __init__(self) -> None:
        self.failures: dict[str, int] = {}

    def step(self, group: str, step: Step) -> None:
        """A step was taken."""

    def failed(self, group: str, error: Exception) -> None:
        """A look failed."""
        if isinstance(error, AssertionError):
            raise error
        must(isinstance(error, GreenlightError), f"17: a look failed: {error!r:.300}")
        name = type(error).__name__
        self.failures[name] = self.failures.get(name, 0) + 1

    def part_failed(self, group: str, failed: PartFailed) -> None:
        """An optional part of a look came to nothing: nothing that people may do leads to that."""
        if isinstance(failed.error, Violation):
            raise failed.error
        must(False, f"17: {failed.part.value} failed: {failed.error!r:.300}")

    def ignored(self, reason: str) -> None:
        """A message was about nothing of ours."""

    def buried(self, message_id: str, reason: str) -> None:
        """Nothing that is sent is unreadable."""
        raise AssertionError(reason)


def caller(role: str) -> Caller:
    """A session of a role."""
    return Caller(f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/session", ACCOUNT, f"AROA:{role}")


@dataclass(frozen=True)
class _Objects:
    """What lies in S3: answers of an asynchronous endpoint, what people put there (an error is raised when it is read),
    and every baseline that is not said to be missing."""

    answers: Mapping[str, bytes]
    put: Mapping[str, bytes | BaseException]

    def read(self, role: str | None, uri: str, most: int) -> bytes:
        """An object."""
        return self.reader(role)(uri, most)

    def reader(self, role: str | None) -> Callable[[str, int], bytes]:
        """What reads objects."""
        return self._read

    def _read(self, uri: str, most: int) -> bytes:
        if (there := self.put.get(uri)) is not None:
            if isinstance(there, BaseException):
                raise there
            if len(there) > most:
                raise Unreadable(f"{uri} has more than {most} bytes")
            return there
        if uri.startswith("s3://answers/") and uri in self.answers:
            return self.answers[uri]
        if "missing" in uri or uri.startswith("s3://answers/"):
            raise Unreadable(f"{uri} is not there")
        return b"{}"


def reconcile(aws: Aws, name: str, reporter: Reporter) -> Callable[[list[Message]], list[Message]]:
    """The function; returns the messages that are to come again. Made anew for each invocation, as after a kill."""
    clients = aws.clients(name, caller("greenlight-reconcile"))
    endpoints = Endpoints(clients.sagemaker, sleep=lambda _: None)
    alarms, monitoring = Alarms(clients.cloudwatch), Monitoring(clients.sagemaker)
    retraining = RetrainQueue(clients.sqs, "retrain")
    objects = _Objects(aws.inference.answers, aws.objects)
    ports = Ports(
        registry=Registry(clients.sagemaker),
        endpoints=endpoints,
        alarms=alarms,
        trail=Trails(lambda: clients.cloudtrail, *SOME_PAGES, clock=aws.clock.now),
        specs=Specs(clients.ssm),
        store=Store(clients.dynamodb, STATE_TABLE, LEDGER_TABLE),
        executor=Executor(
            endpoints, alarms, Scaling(clients.application_autoscaling), monitoring, retraining
        ),
        objects=objects,
        # A second passes each time the clock is looked at.
        trials=Trials(
            lambda _: clients.sagemaker_runtime, objects.reader, lambda _: None, itertools.count().__next__
        ),
        pipelines=Pipelines(clients.sagemaker),
        monitoring=monitoring,
        now=aws.clock.now,
        holding=holding,
    )
    queue, dead = Queue(clients.sqs, "queue"), DeadLetters(clients.sqs, "dead")

    def invoke(messages: list[Message]) -> list[Message]:
        records = [
            {
                "messageId": message.id,
                "receiptHandle": message.receipt,
                "body": message.body,
                "attributes": {
                    "MessageGroupId": message.group,
                    "ApproximateReceiveCount": str(message.receives),
                },
            }
            for message in messages
        ]
        failed = set(process(records, ports, queue, dead, reporter))
        return [message for message in messages if message.id in failed]

    return invoke


def sweeper(aws: Aws, name: str) -> Callable[[bool], int]:
    """The function `sweep`."""
    clients = aws.clients(name, caller("greenlight-sweep"))
    app = App(
        registry=Registry(clients.sagemaker),
        specs=Specs(clients.ssm),
        store=Store(clients.dynamodb, STATE_TABLE, ledger_table=""),
        queue=Queue(clients.sqs, "queue"),
        logger=_QUIET,
        now=aws.clock.now,
    )
    return lambda full: sweep(app, full=full)


class _Quiet(RetrainReport):
    """Lets a bug be a bug, and prints nothing."""

    def failed(self, asked: Asked, error: Exception) -> None:
        """A run was not started."""
        if not isinstance(error, GreenlightError):
            raise error

    def unreadable(self, message_id: str, reason: str) -> None:
        """Nothing that is sent is unreadable."""
        raise AssertionError(reason)

    def _count(self, name: str, group: str | None = None) -> None:
        """No metrics."""


def retrainer(aws: Aws, name: str) -> Callable[[list[Message]], list[Message]]:
    """The function `retrain`; returns the messages that are to come again."""
    clients = aws.clients(name, caller("greenlight-retrain"))
    starter = Starter(
        store=Store(clients.dynamodb, STATE_TABLE, ledger_table=""),
        pipelines=Pipelines(clients.sagemaker),
        queue=Queue(clients.sqs, "queue"),
        report=_Quiet(_QUIET),
        now=aws.clock.now,
    )

    def invoke(messages: list[Message]) -> list[Message]:
        failed = set(starter.process([{"messageId": one.id, "body": one.body} for one in messages]))
        return [message for message in messages if message.id in failed]

    return invoke
