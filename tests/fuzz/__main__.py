"""`python -m tests.fuzz`: many inputs for each target, or for those named; exit code 1 if one fails."""

import argparse
import sys
import time
import traceback

from tests.fuzz.registry import run, targets


def main() -> int:
    """Run them."""
    known = targets()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", choices=[*known, []], metavar="TARGET", help=", ".join(known))
    parser.add_argument("--inputs", type=int, default=10_000, help="of all targets together")
    asked = parser.parse_args()
    names = asked.targets or list(known)
    each, total, failed = -(-asked.inputs // len(names)), 0, []
    for name in names:
        began = time.monotonic()
        try:
            tried = run(known[name], each)
        except Exception:  # noqa: BLE001 - whatever it is, it is what was looked for
            traceback.print_exc()
            failed.append(name)
            continue
        total += tried
        print(f"{name:24} {tried:8} inputs, nothing found, {time.monotonic() - began:6.0f} s", flush=True)
    print(f"{'all':24} {total:8} inputs; found in: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
