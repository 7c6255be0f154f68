"""How long AWS takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Timings:
    """Durations in AWS seconds. None is documented; these are of the size that is seen.

    Attributes:
        provision: until a fleet's instances run.
        container_start: until its containers have loaded the model and answer /ping.
        traffic_shift: until traffic goes where it should.
        teardown: until a fleet's instances are gone.
        delete: until a deleted endpoint is gone.
        alarm_poll: how often a deployment looks at its alarms.
        package_pending: until a new version is InProgress.
        package_check: until it is then Completed or Failed.
        schedule_pending: until a monitoring schedule that was made or changed is Scheduled.
        monitoring_by_cron: whether schedules run when their expressions say; else only when told to (see
            SageMaker.run_schedule).
    """

    provision: float = 180
    container_start: float = 30
    traffic_shift: float = 5
    teardown: float = 30
    delete: float = 20
    alarm_poll: float = 10
    package_pending: float = 1
    package_check: float = 2
    schedule_pending: float = 5
    monitoring_by_cron: bool = True
