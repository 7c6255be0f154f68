"""Commands on the ledger: a group's history, shown, exported, verified; and an export verified without AWS."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import out
from cli.account import Account, UnknownGroupError
from cli.reading import Group, Json
from lambdas.core.errors import Malformed, Unreadable
from lambdas.core.export import History, from_lines, to_lines
from lambdas.core.ledger import Entry
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
        for line in to_lines(group, found.entries, found.head):
            sys.stdout.write(f"{line}\n")
    elif verify:
        _verify(found, group, None)
    elif json:
        out.as_json([_read(entry) for entry in found.entries])
    else:
        rows = [
            (read["seq"], out.moment(read["at"]), read["kind"], read["reason"])
            for read in map(_read, found.entries)
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
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{file} cannot be read: {error}") from error
    _verify(from_lines(text.splitlines()), str(file), noted)


def _history(account: Account, group: str) -> History:
    # The record first: entries that come in between are then beyond the head, not missing.
    record = account.store.load(group)
    head = record.head if record is not None else Head()
    entries = tuple(entry for entry in account.store.history(group) if entry.seq <= head.seq)
    if record is None and not entries:
        raise UnknownGroupError(f"group {group} has no record and no ledger; is its name right?")
    return History(group, entries, head)


def _read(entry: Entry) -> dict[str, Any]:
    return {"seq": entry.seq, **json.loads(entry.body)}


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
