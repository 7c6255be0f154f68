"""How large a group's record becomes, after very many decisions with long reasons, and as many that wait."""

from bench.row import Row
from lambdas.core.bounds import MOST_BYTES
from tests.long_history import EMOJI, MANY, history


def rows() -> list[Row]:
    """The largest that it ever was."""
    _, largest, _ = history(EMOJI)
    what = f"record: {MANY:,} decided versions, {MANY:,} pending"
    how = f"reasons of {len(EMOJI):,} emoji; the largest item on the way"
    return [Row(what, largest / 1024, "KB", how, MOST_BYTES / 1024)]
