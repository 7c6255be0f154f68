"""Storms: very many groups approved at the same moment, against a control plane of a few calls a second.

The real `reconcile` and `sweep` with their real adapters, fed as they are deployed (infra.limits), with botocore's own
retries. *Calls* are those of functions to SageMaker that it answered, not those that it refused. *Total time* is from
the approvals to the last group's success on record, which is verified; starting instances is short, so that the control
plane is what everybody waits for.

python -m tests.simulation.storm --groups 1000 --rate 4
"""

import argparse
import logging
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from infra.limits import CONCURRENCY, SWEEP_MINUTES
from lambdas.adapters import concurrently as threads
from lambdas.core.names import abort_alarm, parameter_name
from lambdas.core.spec import EndpointSpec, GuardrailSpec, spec_to_json
from lambdas.reconcile import batch, look
from local.sagemaker.service import Timings
from tests.simulation.aws.account import ACCOUNT, LEDGER_TABLE, Call
from tests.simulation.aws.limited import Broken, Limit, LimitedAws
from tests.simulation.aws.source import Source
from tests.simulation.functions import Reporter, caller, reconcile, sweeper
from tests.simulation.life import _specification, a_spec, person

BURST = 5
_FULL = 12  # every so many sweeps is a full one
_MOST_SECONDS = 4 * 3600
_TIMINGS = Timings(provision=10, container_start=5)


@dataclass(frozen=True)
class Result:
    """What a storm came to; `done`: seconds from the approvals to each group's success."""

    groups: int
    rate: float
    calls: int
    refused: int
    done: dict[str, float]
    successes: Counter[str]
    dead: tuple[str, ...]
    invocations: int
    timeouts: int
    failures: dict[str, int]

    @property
    def seconds(self) -> float:
        """Until the last group's success."""
        return max(self.done.values(), default=float("inf"))

    @property
    def ratio(self) -> float:
        """Of the time it took to the time that so many calls take at this rate."""
        return self.seconds / (self.calls / self.rate)


def in_words(result: Result) -> str:
    """A result in one line."""
    return (
        f"{result.groups} groups at {result.rate:g} calls/s: {result.calls} calls "
        f"({result.calls / result.groups:.1f} a group), {result.refused} refused, {result.seconds:.0f} s, "
        f"ratio {result.ratio:.2f}; {result.invocations} invocations, {result.timeouts} timeouts, "
        f"{len(result.dead)} dead letters"
    )


class Storm:
    """An account with its groups, up to the moment of the approvals and beyond."""

    def __init__(self, names: Sequence[str], *, seed: int = 0, broken: Broken = lambda *_: False) -> None:
        self.names = names
        self.aws = LimitedAws(seed, broken)
        self.aws.sagemaker._account.timings = _TIMINGS
        self.reporter = Reporter()
        self.source = Source(self.aws.tasks, self.aws.queue, self.aws.clock.now, self._environment, CONCURRENCY)
        self.done: dict[str, float] = {}
        self.successes: Counter[str] = Counter()
        self._began = 0.0
        self._environments = 0
        self._sweeps = 0
        self.aws.watchers.append(self)

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
                self.done[group] = self.aws.clock.now() - self._began

    # --- what happens -------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Every group is deployed and known, with a version that waits for its approval; nothing is limited yet."""
        for name in self.names:
            self._sagemaker("deployer", "deployer").create_model_package_group(ModelPackageGroupName=name)
            self._sagemaker(f"{name}-registrant", "rob").create_model_package(
                ModelPackageGroupName=name,
                ModelApprovalStatus="PendingManualApproval",
                InferenceSpecification=_specification(f"s3://models/{name}/1.tar.gz"),
            )
            self.aws.alarms.make(abort_alarm(name))
            self.aws.parameters.put(parameter_name(name), spec_to_json(_spec(name)), "deployer")
        self.run(lambda: self.aws.queue.is_empty())
        self.aws.advance_to(self.aws.clock.now() + 1000)  # CloudTrail has told of the registrations

    def approve(self) -> None:
        """Everybody approves at once."""
        self._began = self.aws.clock.now()
        for name in self.names:
            self._sagemaker(f"{name}-approver", "ann").update_model_package(
                ModelPackageArn=f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:model-package/{name}/1",
                ModelApprovalStatus="Approved",
            )
        self.aws.tasks.at(self._began + SWEEP_MINUTES * 60, self._sweep)

    def run(self, done: Callable[[], bool]) -> None:
        """Let time pass until it is done, or has lasted hours."""
        aws, tasks = self.aws, self.aws.tasks
        latest = aws.clock.now() + _MOST_SECONDS
        while not done() and aws.clock.now() < latest:
            self.source.poll()
            times = (
                tasks.next_at(),
                aws.next_due_at(),
                aws.queue.next_at() if self.source.has_room else None,
            )
            nearest = min((at for at in times if at is not None), default=None)
            if nearest is None:
                return
            aws.advance_to(max(nearest, aws.clock.now()))
            tasks.run_due()

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

    def _environment(self) -> Callable[..., list[object]]:
        self._environments += 1
        return reconcile(self.aws, f"reconcile-{self._environments}", self.reporter)

    def _sagemaker(self, role: str, name: str) -> object:
        return self.aws.clients("person", person(role, name)).sagemaker


def _spec(name: str):
    """Guardrails are CloudWatch's and cost SageMaker nothing, so there are none."""
    return a_spec(
        name=name,
        endpoint=EndpointSpec(name, "ml.m5.large"),
        execution_role=f"arn:aws:iam::{ACCOUNT}:role/greenlight/{name}-endpoint",
        guardrails=GuardrailSpec(),
    )


def storm(groups: int, rate: float, *, seed: int = 0) -> Result:
    return whole(Storm([f"group-{n:04}" for n in range(groups)], seed=seed), rate)

def whole(one: Storm, rate: float) -> Result:
    with_tasks(one)
    one.prepare()
    calls=one.aws.calls
    one.aws.limit = Limit(rate, BURST)
    one.source.invocations = 0
    one.approve()
    one.run(lambda: len(one.done) == len(one.names))
    return Result(len(one.names), rate, one.aws.calls-calls, one.aws.refused, one.done, one.successes,
      tuple(m.group for m in one.aws.queue.dead), one.source.invocations, one.source.timeouts, one.reporter.failures)

def with_tasks(one):
    for module in (look, batch, threads):
        module.concurrently = one.aws.tasks.concurrently

def main():
    import time
    p=argparse.ArgumentParser(); p.add_argument("--groups",type=int,default=1000); p.add_argument("--rate",type=float,default=4)
    a=p.parse_args()
    logging.disable(logging.CRITICAL)
    t=time.time()
    r=storm(a.groups,a.rate)
    print(in_words(r), r.failures, f"wall {time.time()-t:.1f}")
    d=sorted(r.done.values())
    if d: print(len(d), [round(d[int(len(d)*q)]) for q in (0,.1,.25,.5,.75,.9,.99)])
    print(Counter(r.dead).most_common(3))
main()
