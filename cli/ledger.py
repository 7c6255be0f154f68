"""Commands on the ledger: a group's history, shown, exported, verified; and an export verified without AWS."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import local_files, out
from cli.account import Account, UnknownGroupError
from cli.reading import Group, Json
from lambdas.core.corrections import corrected
from lambdas.core.errors import Malformed, Unreadable
from lambdas.core.export import History, from_bytes, to_lines
from lambdas.core.ledger import Entry, Event, event_of
from lambdas.core.record import Head


def history(
    group: Group,
    *,
    export: Annotated[
        bool, typer.Option("--export", help="Print JSON Lines that anyone can verify offline.")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check the chain; exit code 1 if it is broken.")
    ] = False,
    json: Json = False,
) -> None:
    """A group's ledger: who decided what, and what became of it. `#account` has what concerns the whole account.

    Example: greenlight history credit-risk --export > credit-risk.jsonl
    """
    found = _history(Account(), group)
    if export:
        # As bytes, for Windows would end lines in its own way.
        sys.stdout.buffer.writelines(_lines(found))
        sys.stdout.flush()
    elif verify:
        _verify(from_bytes(b"".join(_lines(found))), group, None)
    elif json:
        out.as_json(_read(found.entries))
    else:
        rows = [
            (read["seq"], out.moment(read["at"]), read["kind"], read["reason"])
            for read in _read(found.entries)
        ]
        out.table(("", "when", "what", "why"), rows)


def verify(
    file: Annotated[Path, typer.Argument(help="What `history --export` printed.", show_default=False)],
    *,
    head: Annotated[
        str | None,
        typer.Option(
            metavar="SEQ:HASH",
            help="An entry as you noted it elsewhere, from an earlier export: it must be in the file.",
        ),
    ] = None,
) -> None:
    """Verify an exported ledger, without AWS; exit code 1 if it is broken.

    Example: greenlight verify credit-risk.jsonl --head 41:9f2c…
    """
    noted = _head(head) if head is not None else None
    try:
        content = local_files.whole(str(file))
    except (OSError, Unreadable) as error:
        raise Unreadable(f"{file} cannot be read: {local_files.said(error)}") from error
    _verify(from_bytes(content), str(file), noted)


def _history(account: Account, group: str) -> History:
    # The record first: entries that come in between are then beyond the head, not missing.
    record = account.store.load(group)
    head = record.head if record is not None else Head()
    entries = tuple(entry for entry in account.store.history(group) if entry.seq <= head.seq)
    if record is None and not entries:
        raise UnknownGroupError(f"group {group} has no record and no ledger; is its name right?")
    return History(group, entries, head)


def _read(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """The entries, each decision as it is known by now; what somebody made unreadable is told as that."""
    events: dict[int, Event] = {}
    broken: dict[int, str] = {}
    for entry in entries:
        try:
            events[entry.seq] = event_of(entry)
        except Malformed as error:
            broken[entry.seq] = str(error)
    told = dict(zip(events, corrected(events.values()), strict=True))
    return [
        {"seq": entry.seq, "at": None, "kind": "unreadable", "reason": broken[entry.seq]}
        if entry.seq in broken
        else {
            "seq": entry.seq,
            **json.loads(entry.body),
            "reason": told[entry.seq].reason,
            "data": told[entry.seq].data,
        }
        for entry in entries
    ]


def _lines(found: History) -> Iterator[bytes]:
    """What is exported, and verified without an export too."""
    return (f"{line}\n".encode() for line in to_lines(found.group, found.entries, found.head))


def _head(text: str) -> Head:
    seq, _, digest = text.partition(":")
    if not seq.isdecimal() or not digest:
        raise Malformed(f"--head {text!r} is not a number, a colon and a hash, as verify prints them")
    return Head(int(seq), digest)


def _verify(found: History, where: str, noted: Head | None) -> None:
    broken = found.first_broken()
    if broken is not None:
        out.say(
            f"{where}: entry {broken} of group {found.group} is missing, out of order or not what was written"
        )
        raise typer.Exit(out.NO)
    if noted is not None and not found.has(noted):
        out.say(
            f"{where}: entry {noted.seq} of group {found.group} is not the one that was noted; it was written anew"
        )
        raise typer.Exit(out.NO)
    out.say(
        f"{where}: all {len(found.entries)} entries of group {found.group} are as they were written; "
        f"head {found.head.seq}:{found.head.hash}"
    )
