"""Commands that decide: approve, reject, roll back. They show what comes of it, ask, write, and may watch it."""

import functools
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from cli import out
from cli.account import Account, NotAllowedError, UnknownVersionError, who_may
from cli.following import LONGEST_WATCH, Minutes, Watch, follow
from cli.operating import Reason
from cli.reading import Group, Json, show
from lambdas.adapters.registry import Decisions
from lambdas.core.codec import encode
from lambdas.core.comparison import Comparison, compare
from lambdas.core.errors import Denied, GreenlightError
from lambdas.core.facts import VersionDetail
from lambdas.core.following import progress
from lambdas.core.identity import Identity
from lambdas.core.names import role_name
from lambdas.core.proof import by_approver
from lambdas.core.quality import Compared
from lambdas.core.record import Approval, Record
from lambdas.core.spec import GatesSpec, Mode
from lambdas.reconcile.foresee import foresee, in_words

Number = Annotated[int, typer.Argument(min=1, help="The version's number.", show_default=False)]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; for scripts.")]

_LONGEST_REASON = 1024  # characters of ApprovalDescription [B]


class DecidedError(GreenlightError):
    """The version is not as it must be for this decision; the text says how it is."""


@dataclass(frozen=True)
class _Case:
    """What is to be decided on, as it was read."""

    account: Account
    group: str
    record: Record
    candidate: Compared
    approval: Approval
    reason: str
    by: Identity

    @property
    def detail(self) -> VersionDetail:
        """The version in full."""
        return self.candidate.detail

    @property
    def version(self) -> str:
        """As people call it."""
        return f"v{self.detail.version} of group {self.group}"


def approve(
    group: Group,
    version: Number,
    *,
    reason: Reason,
    again: Annotated[
        bool,
        typer.Option("--again", help="Approve a version anew that is approved: the latest decision wins."),
    ] = False,
    yes: Yes = False,
    watch: Watch = False,
    minutes: Minutes = LONGEST_WATCH,
    json: Json = False,
) -> None:
    """Approve a version: it goes live. Shows what will be done and how it compares with the live one, then asks.

    Example: greenlight approve credit-risk 7 --reason "better recall, reviewed with risk" --watch
    """
    case = _case(Account(), group, version, Approval.APPROVED, reason)
    if case.detail.approval is Approval.APPROVED and not again:
        raise DecidedError(
            f"{case.version} is Approved already{_by(case.detail)}; --again approves it anew, and if it failed, "
            f"`greenlight retry {group} {version}` tries it again"
        )
    _decide(case, yes=yes, watch=watch, minutes=minutes, json=json)


def reject(
    group: Group,
    version: Number,
    *,
    reason: Reason,
    yes: Yes = False,
    watch: Watch = False,
    minutes: Minutes = LONGEST_WATCH,
    json: Json = False,
) -> None:
    """Reject a version: it does not go live, or if it is live, the last known good takes its place.

    Example: greenlight reject credit-risk 7 --reason "wrong for young applicants" --watch
    """
    case = _case(Account(), group, version, Approval.REJECTED, reason)
    if case.detail.approval is Approval.REJECTED:
        raise DecidedError(f"{case.version} is Rejected already{_by(case.detail)}")
    _decide(case, yes=yes, watch=watch, minutes=minutes, json=json)


def rollback(
    group: Group,
    *,
    reason: Reason,
    yes: Yes = False,
    watch: Watch = False,
    minutes: Minutes = LONGEST_WATCH,
    json: Json = False,
) -> None:
    """Reject the live version, whichever it is: the last known good takes its place.

    Example: greenlight rollback credit-risk --reason "incident 7" --yes --watch
    """
    account = Account()
    live = account.record(group).live_placement()
    if live is None:
        raise UnknownVersionError(
            f"no version of group {group} is live; `greenlight status {group}` says why"
        )
    case = _case(account, group, live.version, Approval.REJECTED, reason)
    if case.detail.approval is Approval.REJECTED:
        raise DecidedError(
            f"{case.version}, which is live, is Rejected already{_by(case.detail)}; "
            f"`greenlight status {group}` says why it serves on"
        )
    _decide(case, yes=yes, watch=watch, minutes=minutes, json=json)


def _case(account: Account, group: str, version: int, approval: Approval, reason: str) -> _Case:
    if not reason.strip() or len(reason) > _LONGEST_REASON:
        raise DecidedError(f"--reason has {len(reason.strip())} characters; it takes 1 to {_LONGEST_REASON}")
    record = account.record_or_none(group) or Record(group, account.specs.read(group).spec)
    (candidate,) = account.compared(group, version)
    case = _Case(account, group, record, candidate, approval, reason.strip(), account.caller())
    spec = record.spec
    enforced = approval is Approval.APPROVED and spec is not None and spec.approval.mode is Mode.ENFORCE
    if enforced and spec is not None and not by_approver(spec, case.by):
        raise NotAllowedError(
            f"an approval by you would have no effect: group {group} takes it from its approvers only\n"
            f"{who_may(role_name(group, 'approver'), 'approve')}"
        )
    return case


def _decide(case: _Case, *, yes: bool, watch: bool, minutes: float, json: bool) -> None:
    plan = in_words(foresee(case.account.ports, case.group, case.detail.version, case.approval, case.by))
    comparison = _beside_live(case)
    if not json:
        if comparison is not None:
            show(comparison)
        out.say(f"{case.approval.value} by you now:", *plan)
    if not yes:
        out.ask(f"{'Approve' if case.approval is Approval.APPROVED else 'Reject'} {case.version}?")
    _write(case)
    told: dict[str, Any] = {
        "group": case.group,
        "version": case.detail.version,
        "status": case.approval.value,
        "plan": plan,
        "comparison": encode(comparison) if comparison is not None else None,
    }
    if not watch:
        _tell(
            told,
            f"{case.version} is {case.approval.value}; `greenlight status {case.group}` follows it",
            json=json,
        )
        return
    how_far = functools.partial(progress, version=case.detail.version, approval=case.approval)
    far = follow(case.account, case.record, how_far, minutes, quiet=json)
    _tell({**told, "end": {"good": far.good, "said": far.said}}, far.said, json=json)
    if not far.good:
        raise typer.Exit(out.NO)


def _tell(told: dict[str, Any], words: str, *, json: bool) -> None:
    out.as_json(told) if json else out.say(words)


def _beside_live(case: _Case) -> Comparison | None:
    """The version against the live one, if it is another that is still in the registry."""
    live = case.record.live_placement()
    if live is None or live.version == case.detail.version:
        return None
    try:
        (before,) = case.account.compared(case.group, live.version)
    except UnknownVersionError:
        return None
    return compare(before, case.candidate, case.record.spec.gates if case.record.spec else GatesSpec())


def _by(detail: VersionDetail) -> str:
    who = "" if detail.author is None else f"; {detail.author} wrote to it last"
    return f"{who}{f', with the reason: {detail.reason}' if detail.reason else ''}"


def _write(case: _Case) -> None:
    """Decide, unless somebody else did meanwhile: the registry takes no condition, so look once more right before."""
    now = case.account.registry.detail(case.detail.arn)
    if now is None:
        raise UnknownVersionError(f"{case.version} has just left the registry; nothing was done")
    if (now.approval, now.modified, now.fingerprint) != (
        case.detail.approval,
        case.detail.modified,
        case.detail.fingerprint,
    ):
        raise DecidedError(
            f"{case.version} was changed meanwhile: it is {now.approval.value}{_by(now)}; nothing was done, look again"
        )
    try:
        Decisions(case.account.aws.sagemaker).decide(case.detail.arn, case.approval, case.reason)
    except Denied as error:
        raise NotAllowedError(f"{error}\n{who_may(role_name(case.group, 'approver'), 'decide')}") from error
