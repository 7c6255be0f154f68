"""What a rule between keys says of a group that breaks it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Breach:
    """A rule that a group breaks; `key` and `value` as a `Problem` has them."""

    key: str
    value: object
    allowed: str
