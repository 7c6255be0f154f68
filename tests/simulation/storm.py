"""Storms: very many groups approved at the same moment, against a control plane that takes a few calls a second.

The real `reconcile` and `sweep` with their real adapters, fed as they are deployed (`infra.limits`), each
client with botocore's own adaptive retries. *Calls* are those of the functions to SageMaker which it answered; those
that it refused as too many are told beside them. *Total time* is from the approvals until the last group's success is
on record, which reconcile writes only once it has verified it. The ratio is that time to calls ÷ rate. Instances start
within seconds here, so that the control plane is what everybody waits for.

python -m tests.simulation.storm --groups 1000 --rate 4
"""

import argparse
import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from infra.limits import CONCURRENCY, SWEEP_MINUTES
from lambdas.core.names import abort_alarm, parameter_name
from lambdas.core.spec import EndpointSpec, GroupSpec, GuardrailSpec, spec_to_json
from lambdas.reconcile import batch, look
from local.sagemaker.service import Timings
from tests.simulation.aws.account import ACCOUNT, LEDGER_TABLE, Call
from tests.simulation.aws.limited import Limit, LimitedAws
from tests.simulation.aws.source import Invoke, Source
from tests.simulation.functions import Reporter, reconcile, sweeper
from tests.simulation.life import _specification, a_spec, person

BURST = 5  # calls that the control plane takes at once after a rest
_TIMINGS = Timings(provision=10, container_start=5)
_REGISTRATIONS_TOLD = 1_000.0  # seconds until CloudTrail has told of everything
_FULL = 12  # every so many sweeps is a full one
_MOST_SECONDS = 6 * 3600


@dataclass(frozen=True)
class Result:
    """What a storm came to.

    `needed`: calls of a group that is alone and not limited. `done`: seconds from the approvals to each group's
    success. `successes`: how many are in each group's ledger. `dead`: the groups of the dead letters.
    """

    groups: int
    rate: float
    needed: int
    calls: int
    refused: int
    done: dict[str, float]
    successes: Counter[str]
    dead: tuple[str, ...]
    invocations: int
    timeouts: int

    @property
    def seconds(self) -> float:
        """Until the last group's success."""
        return max(self.done.values(), default=0.0) if len(self.done) == self.groups else float("inf")

    @property
    def ratio(self) -> float:
        """Of the time it took to the time that its calls take at this rate."""
        return self.seconds / (self.calls / self.rate)

    @property
    def calls_each(self) -> float:
        """Calls for one group; more than are needed are repeats."""
        return self.calls / self.groups


def in_words(result: Result) -> str:
    """A result in one line."""
    return (
        f"{result.groups} groups, {result.rate:g} calls/s: {result.calls} calls ({result.calls_each:.1f} a group, "
        f"{result.needed} without a storm), {result.refused} refused, {result.seconds:.0f} s, "
        f"ratio {result.ratio:.2f}; {result.invocations} invocations, {result.timeouts} timed out, "
        f"{len(result.dead)} dead letters"
    )


class Storm:
    """An account with its groups, their approvals, and the functions at work."""

    def __init__(self, names: Sequence[str], *, seed: int = 0) -> None:
        self.names = names
        self.aws = LimitedAws(seed)
        self.aws.sagemaker._account.timings = _TIMINGS
        self.aws.watchers.append(self)
        self.reporter = Reporter()
        self.source = Source(
            self.aws.tasks, self.aws.queue, self.aws.clock.now, self._environment, CONCURRENCY
        )
        self.done: dict[str, float] = {}
        self.successes: Counter[str] = Counter()
        self._began = 0.0
        self._environments = 0
        self._sweeps = 0

    # --- what is watched ----------------------------------------------------------------------------------------

    def before(self, call: Call) -> None:
        """Nothing."""

    def after(self, call: Call) -> None:
        """Successes, as they are recorded."""
        if call.operation != "TransactWriteItems":
            return
        for put in (item["Put"] for item in call.request["TransactItems"]):
            if put["TableName"] == LEDGER_TABLE and put["Item"]["kind"]["S"] == "rollout.succeeded":
                group = put["Item"]["group"]["S"]
                self.successes[group] += 1
                self.done.setdefault(group, self.aws.clock.now() - self._began)

    def all_done(self) -> bool:
        """Whether each group has had its success."""
        return len(self.done) == len(self.names)

    def serves(self, name: str) -> str | None:
        """The artifact behind a group's endpoint."""
        state = self.aws.sagemaker._account.state
        (config,) = self.aws.serving(name)
        model = state.configs[config.lower()].fields["ProductionVariants"][0]["ModelName"]
        return state.models[model.lower()].containers[0].model_data_url

    # --- what happens -------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Every group is deployed and known, with a version that waits for its approval; nothing is limited yet."""
        for name in self.names:
            _sagemaker(self.aws, "deployer").create_model_package_group(ModelPackageGroupName=name)
            _sagemaker(self.aws, f"{name}-registrant").create_model_package(
                ModelPackageGroupName=name,
                ModelApprovalStatus="PendingManualApproval",
                InferenceSpecification=_specification(artifact(name)),
            )
            self.aws.alarms.make(abort_alarm(name))
            self.aws.parameters.put(parameter_name(name), spec_to_json(_spec(name)), "deployer")
        self.aws.advance_to(self.aws.clock.now() + _REGISTRATIONS_TOLD)
        self.run(self.aws.queue.is_empty)

    def approve(self, rate: float | None) -> None:
        """Everybody approves, and from now on SageMaker takes so many calls a second (None: all)."""
        self.aws.calls = self.source.invocations = 0
        self.aws.limit = Limit(rate, BURST) if rate is not None else None
        self._began = self.aws.clock.now()
        for name in self.names:
            _sagemaker(self.aws, f"{name}-approver").update_model_package(
                ModelPackageArn=f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:model-package/{name}/1",
                ModelApprovalStatus="Approved",
            )
        self.aws.tasks.at(self._began + SWEEP_MINUTES * 60, self._sweep)

    def run(self, done: Callable[[], bool]) -> None:
        """Let time pass until it is done, or has lasted hours."""
        latest = self.aws.clock.now() + _MOST_SECONDS
        self.aws.tasks.run(lambda: not done() and self.aws.clock.now() < latest and self._advance())

    def _advance(self) -> bool:
        """Begin what can begin, and go on to the next moment at which anything happens."""
        aws = self.aws
        self.source.poll()
        visible = aws.queue.next_at() if self.source.has_room else None
        due = aws.next_due_at()
        times = [at for at in (aws.tasks.next_at(), due, visible) if at is not None]
        if not times:
            return False
        nearest = max(min(times), aws.clock.now())
        if due is not None and due <= nearest:
            aws.advance_to(nearest)
        aws.clock.advance_to(nearest)
        return True

    def result(self, rate: float, needed: int) -> Result:
        """What it has come to by now."""
        return Result(
            groups=len(self.names),
            rate=rate,
            needed=needed,
            calls=self.aws.calls,
            refused=self.aws.refused,
            done=dict(self.done),
            successes=Counter(self.successes),
            dead=tuple(message.group for message in self.aws.queue.dead),
            invocations=self.source.invocations,
            timeouts=self.source.timeouts,
        )

    def _sweep(self) -> None:
        self._sweeps += 1
        sweep = sweeper(self.aws, f"sweep-{self._sweeps}")
        full = self._sweeps % _FULL == 0
        self.aws.tasks.start(lambda: self._swept(sweep, full=full))
        self.aws.tasks.at(self.aws.clock.now() + SWEEP_MINUTES * 60, self._sweep)

    def _swept(self, sweep: Callable[[bool], int], *, full: bool) -> None:
        """A sweep that fails is made up for by the next."""
        try:
            sweep(full)
        except Exception as error:  # noqa: BLE001 - sorted out by the reporter
            self.reporter.failed("(sweep)", error)

    def _environment(self) -> Invoke:
        self._environments += 1
        return reconcile(self.aws, f"reconcile-{self._environments}", self.reporter)


@contextmanager
def gathered(names: Sequence[str], *, seed: int = 0) -> Iterator[Storm]:
    """Groups ready for their approvals; within, the functions run on virtual time."""
    storm = Storm(names, seed=seed)
    with ExitStack() as stack:
        stack.callback(storm.aws.tasks.end)
        for module in (look, batch):
            stack.enter_context(patch.object(module, "concurrently", storm.aws.tasks.concurrently))
        storm.prepare()
        yield storm


def names(groups: int) -> list[str]:
    """Of so many groups."""
    return [f"group-{number:04}" for number in range(groups)]


def artifact(name: str) -> str:
    """Of a group's only version."""
    return f"s3://models/{name}/1.tar.gz"


def needed() -> int:
    """Calls of one group from its approval to its success, when nothing is limited and nobody else is there."""
    with gathered(names(1)) as calm:
        calm.approve(rate=None)
        calm.run(calm.all_done)
        return calm.aws.calls


def _sagemaker(aws: LimitedAws, role: str) -> Any:
    """As somebody in a role; who registers is another person than who approves."""
    return aws.clients("person", person(role, f"one-of-{role}")).sagemaker


def _spec(name: str) -> GroupSpec:
    """Without guardrails: they are CloudWatch's, and cost SageMaker no call."""
    return a_spec(
        name=name,
        endpoint=EndpointSpec(name, "ml.m5.large"),
        execution_role=f"arn:aws:iam::{ACCOUNT}:role/greenlight/{name}-endpoint",
        guardrails=GuardrailSpec(),
    )


def main() -> int:
    """Run the command; 1 if not all groups got there."""
    parser = argparse.ArgumentParser(prog="make storm", description=__doc__)
    parser.add_argument("--groups", type=int, default=1_000)
    parser.add_argument("--rate", type=float, default=4.0, help="SageMaker's calls a second")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    alone = needed()
    with gathered(names(asked.groups), seed=asked.seed) as storm:
        storm.approve(asked.rate)
        storm.run(storm.all_done)
        sys.stdout.write(in_words(storm.result(asked.rate, alone)) + "\n")
        return 0 if storm.all_done() else 1


if __name__ == "__main__":
    sys.exit(main())
