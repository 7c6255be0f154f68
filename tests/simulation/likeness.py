"""When two courses are in the same state: whatever follows, follows for both."""

import functools
import hashlib
import re
from typing import Any

from tests.simulation.aws.account import LEDGER_TABLE, STATE_TABLE
from tests.simulation.course import Course

# Functions never read the ledger, and take of a hash and a revision only whether it is still the same; the checks of
# the ledger read neither when an entry was made nor how long something took. So none of it makes a difference.
_OF_RECORDS = re.compile(r'"(hash":"\w+"|revision":\d+),?')
_OF_ENTRIES = re.compile(r'"(at|seconds\w*)":-?[\d.]+,?')


def likeness(course: Course) -> bytes:
    """A digest of all that can make a difference to what follows, times as they are; the log of calls cannot."""
    life = course.life
    aws, sagemaker = life.aws, life.aws.sagemaker._account.state
    now = aws.clock.now()
    parts = (
        (now, len(course.made), course.came, course.swept, course.ending, course.sweep_at),
        (sagemaker.groups, sagemaker.packages, sagemaker.models, sagemaker.configs, sagemaker.endpoints),
        [(one.body, one.group, one.visible, one.receives) for one in aws.queue.messages],
        [(one.body, one.group) for one in aws.queue.dead],
        _until(aws.queue._known, now),
        _until(aws.tables._tokens, now),
        [_record(item) for item in aws.tables.items(STATE_TABLE)],
        [_without(_OF_ENTRIES, item["body"]["S"]) for item in aws.tables.items(LEDGER_TABLE)],
        (aws.alarms._alarms, aws.parameters._parameters, aws.scaling, aws.trail._records, aws.trail._told),
        [(at, send.args) for at, _, send in sorted(aws._due, key=lambda due: due[:2])],  # type: ignore[attr-defined] # all of them are events
        (life.versions, life.unordered, sorted(course.watch.served.items())),
    )
    text = repr(parts)
    assert " at 0x" not in text, "something without a repr of its own"
    return hashlib.blake2b(text.encode(), digest_size=12).digest()


def _until(remembered: dict[str, float], now: float) -> list[tuple[str, float]]:
    return sorted((key, until) for key, until in remembered.items() if until > now)


def _record(item: dict[str, Any]) -> dict[str, Any]:
    body = _without(_OF_RECORDS, item["body"]["S"]) if "body" in item else None
    return {**item, "revision": None, "body": body}


@functools.lru_cache(10_000)
def _without(what: re.Pattern[str], text: str) -> str:
    return what.sub("", text)
