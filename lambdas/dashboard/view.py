"""What the page shows, read from record, ledger, registry and endpoint."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from lambdas.adapters.concurrently import concurrently
from lambdas.core.errors import Malformed
from lambdas.core.facts import Endpoint, VersionSummary
from lambdas.core.ledger import Entry, event_of
from lambdas.core.names import ACCOUNT_WIDE
from lambdas.core.page.asked import Asked
from lambdas.core.page.group import Shown, group_page
from lambdas.core.page.markup import Element
from lambdas.core.page.overview import overview, page_of
from lambdas.core.record import Record

MOST_ENTRIES = (
    300  # of a group's ledger, the last; at some 1.5 kB each that is half of what one query answers
)


class Store(Protocol):
    """Record and ledger, read."""

    def load(self, group: str) -> Record | None: ...
    def records(self) -> Iterable[Record]: ...
    def latest(self, group: str, most: int) -> Sequence[Entry]: ...


class Registry(Protocol):
    """The registry, read."""

    def versions(self, group: str) -> tuple[VersionSummary, ...]: ...


class Endpoints(Protocol):
    """Endpoints, read."""

    def describe(self, name: str) -> Endpoint | None: ...


@dataclass(frozen=True)
class Sources:
    """Where all that is shown comes from."""

    store: Store
    registry: Registry
    endpoints: Endpoints


def view(asked: Asked, sources: Sources, function: str) -> Element:
    """Read and draw what a call asks for.

    Args:
        asked: all groups, or one.
        sources: to read.
        function: ARN of the widget's function, which its buttons call.

    Raises:
        Malformed: there is no such group, or a record or an entry cannot be read.
        GreenlightError: AWS does not answer, or refuses.
    """
    if asked.group is None:
        groups = [record for record in sources.store.records() if record.group != ACCOUNT_WIDE]
        return overview(page_of(groups, asked.page), function)
    return group_page(_shown(asked.group, asked.version, sources), function)


def _shown(group: str, version: int | None, sources: Sources) -> Shown:
    record, versions, entries = concurrently(
        lambda: sources.store.load(group),
        lambda: sources.registry.versions(group),
        lambda: sources.store.latest(group, MOST_ENTRIES),
    )
    if record is None:
        raise Malformed(
            f"group {group} has no record in this account and region; Greenlight makes it when it first looks at it"
        )
    endpoint = sources.endpoints.describe(record.spec.endpoint.name) if record.spec is not None else None
    return Shown(record, versions, tuple(event_of(entry) for entry in entries), endpoint, version)
