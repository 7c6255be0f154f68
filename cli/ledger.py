"""The ledger for auditors: export a group's history, and verify an export offline.

python -m cli.ledger export GROUP > GROUP.jsonl
python -m cli.ledger verify GROUP.jsonl [--head SEQ:HASH]
"""

import argparse
import sys
from pathlib import Path

from lambdas.adapters.aws import Aws
from lambdas.adapters.stacks import outputs
from lambdas.adapters.store import Store
from lambdas.core.errors import GreenlightError
from lambdas.core.export import from_lines, to_lines
from lambdas.core.record import Head

_STATE_STACK = "Greenlight-State"
_BROKEN, _FAILED = 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code: 0 well, 1 the ledger is broken, 2 it could not be read."""
    parser = argparse.ArgumentParser(prog="python -m cli.ledger", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    export = commands.add_parser("export", help="print a group's history as JSON Lines")
    export.add_argument(
        "group", help="the model package group, or #account for what concerns the whole account"
    )
    verify = commands.add_parser("verify", help="verify an exported history, without AWS")
    verify.add_argument("file", type=Path, help="what export printed")
    verify.add_argument(
        "--head",
        type=_head,
        metavar="SEQ:HASH",
        help="an entry's number and hash as you noted them elsewhere, from an earlier export: it must be in the file",
    )
    asked = parser.parse_args(arguments)
    try:
        return _export(asked.group) if asked.command == "export" else _verify(asked.file, asked.head)
    except (GreenlightError, OSError, UnicodeDecodeError) as error:
        print(f"{asked.command}: {error}", file=sys.stderr)
        return _FAILED


def _export(group: str) -> int:
    aws = Aws()
    tables = outputs(aws.cloudformation, _STATE_STACK)
    store = Store(aws.dynamodb, tables["StateTable"], tables["LedgerTable"])
    record = store.load(group)  # first: entries that come in between are then beyond the head, not missing
    head = record.head if record is not None else Head()
    entries = [entry for entry in store.history(group) if entry.seq <= head.seq]
    if record is None and not entries:
        print(f"export: group {group} has no record and no ledger; is its name right?", file=sys.stderr)
        return _FAILED
    for line in to_lines(group, entries, head):
        print(line)
    return 0


def _head(text: str) -> Head:
    seq, _, digest = text.partition(":")
    if not seq.isdecimal() or not digest:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number, a colon and a hash, as verify prints them"
        )
    return Head(int(seq), digest)


def _verify(file: Path, noted: Head | None) -> int:
    history = from_lines(file.read_text(encoding="utf-8").splitlines())
    broken = history.first_broken()
    if broken is not None:
        print(
            f"{file}: entry {broken} of group {history.group} is missing, out of order or not what was written"
        )
        return _BROKEN
    if noted is not None and not history.has(noted):
        print(
            f"{file}: entry {noted.seq} of group {history.group} is not the one that was noted; it was written anew"
        )
        return _BROKEN
    print(
        f"{file}: all {len(history.entries)} entries of group {history.group} are as they were written; "
        f"head {history.head.seq}:{history.head.hash}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
