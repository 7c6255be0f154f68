"""After the faults have stopped: what is served is what a naive reading of the registry wants."""

from lambdas.core.answers import Blame
from lambdas.core.names import drift_alarm
from lambdas.core.record import Phase
from tests.simulation.aws.account import group_alarm
from tests.simulation.aws.inference import SOUND
from tests.simulation.life import GROUP, NO_CAPACITY, Known, Life
from tests.simulation.violation import must


def check_end(life: Life) -> None:
    """3, 9, 10, 13. Whatever went wrong before, this is where it ends."""
    must(life.has_record(), "9: the group was never looked at")
    record, endpoint = life.record(), life.endpoint()
    halted = endpoint is not None and endpoint["EndpointStatus"] == "UpdateRollbackFailed"
    must(record.rollout is None or halted, f"9: a rollout hangs: {record.rollout}")
    must(not life.aws.queue.messages, f"9: messages are left: {life.aws.queue.messages}")
    if endpoint is not None:
        status = endpoint["EndpointStatus"]
        must(status in {"InService", "Failed", "UpdateRollbackFailed"}, f"9: the endpoint is {status}")
        if halted:
            must(record.phase is Phase.HALTED, f"9: {status}, and the group is {record.phase}")
            return  # a person must mend it
    state = life.aws.sagemaker._account.state
    kept = {placement.config for placement in record.kept}
    leaked = {config.name for config in state.configs.values()} - kept
    must(not leaked, f"10: configs that nobody remembers, and nobody will delete: {leaked}")
    models = {placement.model for placement in record.kept}
    orphans = {model.name for model in state.models.values()} - models
    must(not orphans, f"10: models that nobody remembers: {orphans}")
    alarms = life.aws.alarms.names() - {group_alarm(GROUP), drift_alarm(GROUP)}
    known = {name for placement in record.kept for name in placement.alarms}
    must(not alarms - known, f"10: alarms that nobody remembers: {alarms - known}")
    refused = [one.reason for one in record.refusals.values() if one.blame in {Blame.SPEC, Blame.UNKNOWN}]
    must(life.answered or not refused, f"9: AWS refuses what nobody had it refuse: {refused}")
    _serves_what_is_wanted(life)


def _serves_what_is_wanted(life: Life) -> None:
    wanted = {v.number for v in life.versions.values() if _is_wanted(life, v)}
    sure = {number for number in wanted if not life.versions[number].doubtful}
    record = life.record()
    live = life.live()
    if life.spec.endpoint.instance_type == NO_CAPACITY:
        return  # nothing new can start; what serves, serves on
    falsely = {n for n in sure if (d := record.versions.get(n)) is not None and d.failed}
    must(not falsely, f"9: sound, and failed on record: {[(n, record.versions[n].failed) for n in falsely]}")
    if not sure:
        return
    must(live is not None, f"9: nothing is served, and {sorted(sure)} could be")
    found = life.versions[live or 0]
    if life.package(found.number) is None or found.tampered:
        return  # deleted, or changed since: what was approved then serves on
    must(life.is_approved(found.number), f"3: v{live} is served and not approved; {sorted(sure)} are")
    must(live in wanted or found.doubtful, f"3: v{live} is served, and {sorted(sure)} are wanted")
    newest = max(
        (v for v in life.versions.values() if v.approved_at is not None), key=lambda v: v.approved_at or 0.0
    )
    if newest.number in sure and not life.unordered:
        must(live == newest.number, f"9: v{live} is served, and v{newest.number} was approved last")


def _is_wanted(life: Life, known: Known) -> bool:
    return (
        life.is_approved(known.number)
        and known.approved_at is not None
        and known.kind == SOUND
        and not (known.by_intruder or known.tampered or known.before_us)
    )
