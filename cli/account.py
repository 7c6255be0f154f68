"""What commands ask of the account, by the caller's own credentials."""

import functools
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lambdas.adapters.aws import Aws, aws_errors, step_into
from lambdas.adapters.concurrently import concurrently
from lambdas.adapters.endpoints import Endpoints
from lambdas.adapters.objects import Objects
from lambdas.adapters.registry import Registry
from lambdas.adapters.specs import Specs
from lambdas.adapters.stacks import outputs
from lambdas.adapters.store import Store
from lambdas.core.errors import Denied, GreenlightError
from lambdas.core.facts import Lookup, Report, Trail, VersionDetail, VersionSummary
from lambdas.core.identity import Identity, name_of
from lambdas.core.names import ACCOUNT_WIDE, ROLE_PATH, STATE_STACK
from lambdas.core.quality import MOST_BYTES, Compared, report_from
from lambdas.core.record import Record

if TYPE_CHECKING:
    from lambdas.reconcile.ports import Ports

_SHORTEST_NAME, _LONGEST_NAME = 2, 64  # of a session [STS API reference]; a user's may have one character
_FILLER = "@"  # a name without a domain is the same person's, see `same_person`


class UnknownGroupError(GreenlightError):
    """There is no such group."""


class UnknownVersionError(GreenlightError):
    """There is no such version in the group."""


class NotAllowedError(GreenlightError):
    """The caller may not do this; the text says which role may."""


def who_may(role: str, what: str) -> str:
    """Who the caller is, which AWS tells everybody, and the role of ours that may do something."""
    me, arn = _me_and(role)
    return (
        f"You are {me}. {arn} may {what}; step into it with "
        f"`aws sts assume-role --role-arn {arn} --role-session-name YOU`"
    )


class _AsOneself:
    """Reads objects with the caller's own credentials."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def read(self, _role: str, uri: str, most: int) -> bytes:
        return self._objects.read(None, uri, most)


class _NotAsked:
    """CloudTrail tells nothing, and that this is not all."""

    def writes(self, _lookups: Sequence[Lookup]) -> Trail:
        return Trail((), complete=False)


def stepped_into(role: str) -> Aws:
    """AWS as a role of ours that the caller steps into, under the name that the caller has already.

    Raises:
        NotAllowedError: the role does not let the caller in.
    """
    me, arn = _me_and(role)
    name = re.sub(r"[^\w+=,.@-]", "-", name_of(Identity(me)), flags=re.ASCII)[-_LONGEST_NAME:]
    try:
        with aws_errors(f"stepping into {arn}"):
            return Aws(step_into(Aws().sts, arn, name.ljust(_SHORTEST_NAME, _FILLER)))
    except Denied as error:
        raise NotAllowedError(
            f"{error}\nYou are {me}; the group's YAML must name you, and you must be allowed sts:AssumeRole on it"
        ) from error


def _me_and(role: str) -> tuple[str, str]:
    """The ARNs of the caller, which AWS tells everybody, and of a role of ours."""
    caller = Aws().sts.get_caller_identity()
    partition = str(caller["Arn"]).split(":")[1]
    return str(caller["Arn"]), f"arn:{partition}:iam::{caller['Account']}:role{ROLE_PATH}{role}"


class Account:
    """Adapters made when first needed; `aws`: None: by the caller's own credentials."""

    def __init__(self, aws: Aws | None = None) -> None:
        self.aws = aws or Aws()
        self.objects = Objects(lambda: self.aws.sts, self.aws.s3_as)

    @functools.cached_property
    def store(self) -> Store:
        """Record and ledger, in the tables that the state stack names."""
        tables = outputs(self.aws.cloudformation, STATE_STACK)
        return Store(self.aws.dynamodb, tables["StateTable"], tables["LedgerTable"])

    @functools.cached_property
    def registry(self) -> Registry:
        """The model registry."""
        return Registry(self.aws.sagemaker)

    @functools.cached_property
    def specs(self) -> Specs:
        """What the groups' stacks ask for."""
        return Specs(self.aws.ssm)

    @functools.cached_property
    def endpoints(self) -> Endpoints:
        """What serves."""
        return Endpoints(self.aws.sagemaker)

    @functools.cached_property
    def ports(self) -> "Ports":
        """What reconcile has; commands only read by it, and a plan performs and commits nothing.

        Objects are read as oneself, for nobody but reconcile may take the readers' roles; and CloudTrail, which has the
        whole account's calls, is not asked.
        """
        from lambdas.reconcile.compose import ports_of  # noqa: PLC0415 - all of reconcile; most commands need none

        # A plan asks for no run, so it needs no queue of them.
        ports = ports_of(self.aws, self.store, retrain_url="")
        return replace(ports, objects=_AsOneself(self.objects), trail=_NotAsked())

    def caller(self) -> Identity:
        """Who is asking, as the registry will name them (GetCallerIdentity)."""
        return Identity(str(self.aws.sts.get_caller_identity()["Arn"]))

    def groups(self) -> list[str]:
        """The names of all groups."""
        return sorted(self.specs.groups())

    def record(self, group: str) -> Record:
        """A group's record. Raises UnknownGroupError."""
        record = self.store.load(group)
        if record is None:
            raise _unknown(group)
        return record

    def record_or_none(self, group: str) -> Record | None:
        """A group's record; None: it has a spec, and nobody has looked at it yet. Raises UnknownGroupError."""
        record = self.store.load(group)
        if record is None and self.specs.read(group).spec is None:
            raise _unknown(group)
        return record

    def records(self) -> dict[str, Record | None]:
        """Every group's record, by its name; None: it has a spec, and nobody has looked at it yet."""
        groups, records = concurrently(self.groups, lambda: list(self.store.records()))
        found = {record.group: record for record in records if record.group != ACCOUNT_WIDE}
        return {group: found.get(group) for group in sorted({*groups, *found})}

    def versions(self, group: str) -> tuple[VersionSummary, ...]:
        """All versions of a group, newest first."""
        return self.registry.versions(group)

    def compared(self, group: str, *numbers: int) -> list[Compared]:
        """Versions in full, with their reports as far as the caller may read them. Raises UnknownVersionError."""
        known = {one.version: one.arn for one in self.versions(group)}
        if missing := [number for number in numbers if number not in known]:
            there = f"it has v{min(known)} to v{max(known)}" if known else "it has none"
            raise UnknownVersionError(f"group {group} has no version {missing[0]}; {there}")
        return concurrently(*(functools.partial(self._compared, known[number]) for number in numbers))

    def _compared(self, arn: str) -> Compared:
        detail = self.registry.detail(arn)
        if detail is None:
            raise UnknownVersionError(f"{arn} has just left the registry")
        return Compared(detail, self._report(detail))

    def _report(self, detail: VersionDetail) -> Report | None:
        uri = detail.evaluation
        if uri is None:
            return None
        return report_from(lambda: self.objects.read(None, uri, MOST_BYTES))


def _unknown(group: str) -> UnknownGroupError:
    return UnknownGroupError(
        f"group {group} has no record in this account and region; is its name right? "
        "`greenlight status` lists all groups"
    )
