"""What `doctor` makes of what it saw: facts to findings, each with what to do. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lambdas.core.names import (
    AUDITOR,
    CONTROLLER_STACK,
    OBSERVABILITY_STACK,
    STATE_STACK,
    group_of_alarm,
    role_name,
)
from lambdas.core.spec import GroupSpec

GROUP_STACK = "Greenlight-Group-"
_OWN_STACKS = (STATE_STACK, CONTROLLER_STACK, OBSERVABILITY_STACK, "Greenlight-Governance")
_SILENT, _DEAD = 900.0, 3600.0  # seconds without a sweep; one comes every five minutes
_SLOW_CLOCK, _WRONG_CLOCK = 60.0, 300.0  # seconds; AWS refuses signatures that are five minutes off
_NOBODY = re.compile(r"A[IR][A-Z]{2}[A-Z0-9]{12,}")  # what IAM leaves of a principal that was deleted
_NAMED = 5  # things that a message lists


class Health(StrEnum):
    """What a check came to."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "not checked"


@dataclass(frozen=True)
class Finding:
    """What a check found, in words, and what to do about it."""

    check: str
    health: Health
    found: str
    do: str | None = None


@dataclass(frozen=True)
class Trail:
    """A trail of CloudTrail; `management`: it has management events that write."""

    name: str
    logging: bool
    management: bool


def clock(aws: float, here: float) -> Iterator[Finding]:
    """AWS's clock and this machine's, epoch seconds."""
    off = abs(aws - here)
    health = Health.FAILED if off > _WRONG_CLOCK else Health.WARNING if off > _SLOW_CLOCK else Health.OK
    do = (
        None
        if health is Health.OK
        else "set this machine's clock; AWS refuses what is signed at another time"
    )
    yield Finding("clock", health, f"this machine's clock is {off:.0f} s off AWS's", do)


def stacks(found: Mapping[str, str], groups: Sequence[str]) -> Iterator[Finding]:
    """Our stacks' status by name, and the groups that have a spec."""
    wanted = {*_OWN_STACKS, *(f"{GROUP_STACK}{group}" for group in groups)}
    for name in sorted(wanted - found.keys()):
        yield Finding("stacks", Health.FAILED, f"there is no stack {name}", "deploy it: `make deploy`")
    for name in sorted(name for name in found.keys() - wanted if name.startswith(GROUP_STACK)):
        do = f"deploy {name} again, or destroy it: without a spec nothing of the group is deployed"
        yield Finding("stacks", Health.FAILED, f"stack {name} is there, and its group's spec is not", do)
    yield from (finding for name in sorted(wanted & found.keys()) for finding in _stack(name, found[name]))
    if wanted <= found.keys() and all(_is_well(found[name]) for name in wanted):
        yield Finding("stacks", Health.OK, f"all {len(wanted)} stacks are deployed")


def _is_well(status: str) -> bool:
    return status.endswith("_COMPLETE") and "ROLLBACK" not in status


def _stack(name: str, status: str) -> Iterator[Finding]:
    if _is_well(status):
        return
    if status.endswith("_IN_PROGRESS"):
        yield Finding("stacks", Health.WARNING, f"stack {name} is {status}", "wait for its end")
    elif status == "UPDATE_ROLLBACK_COMPLETE":
        do = "look at why (`cdk deploy` says it), mend, deploy again; what was deployed before is in force"
        yield Finding("stacks", Health.WARNING, f"the last deployment of {name} failed and was undone", do)
    else:
        do = "look at its events in CloudFormation, mend, deploy again"
        yield Finding("stacks", Health.FAILED, f"stack {name} is {status}", do)


def trails(found: Sequence[Trail]) -> Iterator[Finding]:
    """The account's trails in this region."""
    good = [trail.name for trail in found if trail.logging and trail.management]
    if good:
        yield Finding("trail", Health.OK, f"trail {good[0]} delivers management events")
    else:
        yield Finding(
            "trail",
            Health.WARNING,
            "no trail here delivers management events that write"
            + (f"; there are {', '.join(trail.name for trail in found[:_NAMED])}" if found else ""),
            "make one, or switch its logging on: without it proofs of approvals come minutes later, and uses of the "
            "break-glass role ring no alarm",
        )


def mapping(states: Sequence[str]) -> Iterator[Finding]:
    """The states of reconcile's event source mappings."""
    if states and all(state in {"Enabled", "Enabling", "Updating"} for state in states):
        yield Finding("reconcile", Health.OK, "it takes messages from its queue")
    else:
        is_ = ", ".join(states) or "missing"
        do = "nothing is deployed or rolled back until it is on; see the runbook, 'Break-glass', or deploy again"
        yield Finding("reconcile", Health.FAILED, f"its event source mapping is {is_}", do)


def dead_letters(count: int) -> Iterator[Finding]:
    """About how many messages lie in the dead-letter queue."""
    if count:
        do = "read their attribute Reason, mend the cause, then `greenlight redrive`"
        yield Finding("dead letters", Health.FAILED, f"about {count} messages lie there", do)
    else:
        yield Finding("dead letters", Health.OK, "none")


def swept(at: float, now: float) -> Iterator[Finding]:
    """When the last whole sweep began; 0: never. Epoch seconds."""
    silent = now - at
    do = "look at the schedules, the log of sweep and its alarms; lost events are not made up for until it runs"
    if not at:
        yield Finding("sweep", Health.FAILED, "it has never run to its end", do)
    elif silent > _DEAD:
        yield Finding("sweep", Health.FAILED, f"it last ran {silent / 60:.0f} min ago", do)
    elif silent > _SILENT:
        yield Finding("sweep", Health.WARNING, f"it last ran {silent / 60:.0f} min ago", do)
    else:
        yield Finding("sweep", Health.OK, f"it ran {max(0.0, silent):.0f} s ago")


def alarms(states: Mapping[str, str]) -> Iterator[Finding]:
    """Our alarms' states by name. One of a group's fleet need not be anybody's trouble; one on ourselves is."""
    ringing = sorted(name for name, state in states.items() if state == "ALARM")
    ours = [name for name in ringing if group_of_alarm(name) is None]
    for name in ours:
        yield Finding("alarms", Health.FAILED, f"{name} rings", "see the runbook, 'Alarms'")
    for name in (name for name in ringing if name not in ours):
        do = f"`greenlight status {group_of_alarm(name)}` tells what comes of it"
        yield Finding("alarms", Health.WARNING, f"{name} rings", do)
    if not states:
        yield Finding("alarms", Health.FAILED, "there is none", "deploy Greenlight-Controller again")
    elif not ringing:
        yield Finding("alarms", Health.OK, f"none of {len(states)} rings")


def roles(trusts: Mapping[str, Mapping[str, Any]], groups: Sequence[str]) -> Iterator[Finding]:
    """Trust policies of the roles below our path by name, and the groups.

    Nobody is asked to step in: what a trust policy names shows who could, as far as their own policies let them.
    """
    wanted = [role_name(group, "endpoint") for group in groups]
    missing = sorted({AUDITOR, *wanted} - trusts.keys())
    for name in missing:
        if name == AUDITOR:
            do = "name `auditors` in governance.yaml and deploy, else nobody but administrators can look"
            yield Finding("roles", Health.WARNING, f"there is no role {name}", do)
        else:
            yield Finding(
                "roles", Health.FAILED, f"there is no role {name}", "deploy the group's stack again"
            )
    for group in groups:
        if absent := [kind for kind in ("approver", "registrant") if role_name(group, kind) not in trusts]:
            do = f"name {' and '.join(f'{kind}s' for kind in absent)} in its YAML and deploy"
            yield Finding("roles", Health.WARNING, f"group {group} has no {' and no '.join(absent)}", do)
    gone = sorted(name for name, trust in trusts.items() if any(map(_NOBODY.fullmatch, _principals(trust))))
    for name in gone:
        do = "name who is meant, in the group's YAML or governance.yaml, and deploy"
        yield Finding("roles", Health.FAILED, f"role {name} lets in somebody who was deleted", do)
    if not missing and not gone:
        yield Finding("roles", Health.OK, f"all of {len(trusts)} are there, and let in whom they name")


def _principals(trust: Mapping[str, Any]) -> Iterator[str]:
    for statement in trust.get("Statement", ()):
        principal = statement.get("Principal")
        named = principal.get("AWS", ()) if isinstance(principal, Mapping) else ()
        yield from [named] if isinstance(named, str) else named


def quotas(specs: Sequence[GroupSpec], found: Mapping[str, float]) -> Iterator[Finding]:
    """The groups' specs, and SageMaker's quotas of instances for endpoints by instance type.

    A rollout has the old and the new fleet side by side (blue/green), so the largest group counts twice.
    """
    needs: dict[str, list[int]] = {}
    for spec in specs:
        scaling = spec.endpoint.autoscaling
        count = scaling.max if scaling is not None else spec.endpoint.instance_count
        if spec.endpoint.instance_type is not None:
            needs.setdefault(spec.endpoint.instance_type, []).append(count)
    for kind, counts in sorted(needs.items()):
        if kind not in found:
            yield Finding("quotas", Health.UNKNOWN, f"there is no quota for {kind} for endpoints")
            continue
        have, serve, roll = found[kind], sum(counts), sum(counts) + max(counts)
        text = f"{kind}: {have:g} instances; the groups serve by up to {serve}, a rollout takes {roll}"
        do = f"raise the quota '{kind} for endpoint usage'; rollouts wait until there is room"
        if have < serve:
            yield Finding("quotas", Health.FAILED, text, do)
        elif have < roll:
            yield Finding("quotas", Health.WARNING, text, do)
        else:
            yield Finding("quotas", Health.OK, text)
