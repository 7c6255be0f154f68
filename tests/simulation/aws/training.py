"""What pipelines and monitoring runs do in the simulation: as they are told, after a while."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local.sagemaker.ports import MonitoringRun, PipelineRun

if TYPE_CHECKING:
    from local.sagemaker.service import SageMaker

REGISTERS, SLOW, NOTHING, ELSEWHERE, FAILS = "registers", "slow", "nothing", "elsewhere", "fails"
_SECONDS = {SLOW: 2400.0}
_USUAL = 300.0
_INSPECTION = 120.0


@dataclass
class Training:
    """The world of pipelines and monitors.

    `next`: what the coming runs do, then all register. `register`: registers a version for a run; gives its ARN.
    `finds`: how monitoring runs end.
    """

    sagemaker: "Callable[[], SageMaker]"
    later: Callable[[float, Callable[[], None]], None]
    next: list[str] = field(default_factory=list)
    register: Callable[[PipelineRun], str] | None = None
    finds: str = "Completed"
    runs: int = 0

    def run_pipeline(self, run: PipelineRun) -> None:
        """It ends after a while."""
        self.runs += 1
        what = self.next.pop(0) if self.next else REGISTERS
        self.later(_SECONDS.get(what, _USUAL), functools.partial(self._end, run, what))

    def _end(self, run: PipelineRun, what: str) -> None:
        registered = []
        if what in {REGISTERS, SLOW} and self.register is not None:
            registered.append(self.register(run))
        if what == ELSEWHERE:
            registered.append("arn:aws:sagemaker:eu-west-1:123456789012:model-package/another/1")
        self.sagemaker().pipeline_ended(run.arn, "no data" if what == FAILS else None, registered)

    def inspect(self, run: MonitoringRun) -> None:
        """It finds what it is told, after a while."""
        reason = "no data" if self.finds == "Failed" else None
        end = functools.partial(
            self.sagemaker().inspection_ended, run.schedule, run.scheduled, self.finds, reason
        )
        self.later(_INSPECTION, end)
