"""What the record remembers of decided versions that no plan needs: enough to tell news from what is known."""

import base64
import binascii
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from lambdas.core.codec import Open

COVERED = 8192
"""Versions whose status is remembered, the highest numbers: two bits of each, 2,732 characters in all."""


class Approval(StrEnum):
    """ModelApprovalStatus [B]; DELETED is ours: the version is no longer in the registry."""

    APPROVED = "Approved"
    REJECTED = "Rejected"
    PENDING = "PendingManualApproval"
    DELETED = "Deleted"

    @staticmethod
    def stand_in() -> "Approval":
        """For what a newer release knows: it serves on, never starts again, and the registry's word is news."""
        return Approval.DELETED


_CODES = (None, Approval.APPROVED, Approval.REJECTED, Approval.PENDING)
_BITS, _EACH = 2, 4  # of a version; versions in a byte


@dataclass(frozen=True)
class Archive(Open):
    """The statuses of archived versions, and the time of the youngest decision among them (epoch seconds).

    `floor`: of the lowest version that is covered; what is below was decided on once, or never will be noticed.
    `statuses`: two bits a version from `floor` on, lowest first, in Base64.
    """

    at: float = 0.0
    floor: int = 1
    statuses: str = ""

    def status(self, version: int) -> Approval | None:
        """What an archived version was when it was archived; None: it is not archived."""
        return _read(self.floor, self.statuses).get(version)

    def having(self, status: Approval) -> tuple[int, ...]:
        """The archived versions that had this status, lowest first."""
        return tuple(n for n, one in _read(self.floor, self.statuses).items() if one is status)

    def adding(self, statuses: Mapping[int, Approval], at: float) -> "Archive":
        """With these versions; of what is more than can be covered, the highest numbers.

        One that left the registry is remembered as rejected: should it ever be seen again, only a decision younger
        than the archive counts.
        """
        told = {n: Approval.REJECTED if one is Approval.DELETED else one for n, one in statuses.items()}
        return self._of({**_read(self.floor, self.statuses), **told}, max(at, self.at))

    def without(self, versions: Iterable[int]) -> "Archive":
        """Without these versions, of which more is known again."""
        gone = set(versions)
        if not gone & _read(self.floor, self.statuses).keys():
            return self
        return self._of({n: s for n, s in _read(self.floor, self.statuses).items() if n not in gone}, self.at)

    def _of(self, statuses: Mapping[int, Approval], at: float) -> "Archive":
        floor = max(self.floor, max(statuses, default=0) - COVERED + 1)
        return replace(self, at=at, floor=floor, statuses=_written(floor, statuses))


NO_ARCHIVE = Archive()
"""Nothing was archived yet."""


def _written(floor: int, statuses: Mapping[int, Approval]) -> str:
    size = max((n - floor + 1 for n in statuses), default=0)
    packed = bytearray(-(-max(size, 0) // _EACH))
    for number, status in statuses.items():
        place, rest = divmod(number - floor, _EACH)
        if number >= floor:
            packed[place] |= _CODES.index(status) << (_BITS * rest)
    return base64.b64encode(packed).decode()


@functools.lru_cache(256)
def _read(floor: int, statuses: str) -> Mapping[int, Approval]:
    """By version, lowest first; what is no Base64 is nothing that we wrote, and says nothing."""
    try:
        packed = base64.b64decode(statuses, validate=True)
    except (binascii.Error, ValueError):
        return MappingProxyType({})
    found: dict[int, Approval] = {}
    for place, byte in enumerate(packed):
        for rest in range(_EACH) if byte else ():
            if (status := _CODES[byte >> (_BITS * rest) & (1 << _BITS) - 1]) is not None:
                found[floor + place * _EACH + rest] = status
    return MappingProxyType(found)
