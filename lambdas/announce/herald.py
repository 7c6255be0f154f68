"""One ledger entry, told to everybody whom it concerns; or set aside, with its reason, if it cannot be told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from aws_lambda_powertools import Logger

from lambdas.core.announcements import Urgency, read, urgency_of
from lambdas.core.errors import GreenlightError, Malformed, Refused
from lambdas.core.events import DomainEvent, to_event
from lambdas.core.ledger import Entry, Kind
from lambdas.core.messages import Message, to_message


class Bus(Protocol):
    """For machines."""

    def put(self, event: DomainEvent) -> None: ...


class Topic(Protocol):
    """For people."""

    def publish(self, one: Message) -> None: ...


class Unannounced(Protocol):
    """What could not be announced, for people."""

    def set_aside(self, group: str, seq: int, reason: str) -> None: ...


@dataclass(frozen=True)
class Herald:
    """Announces entries, one by one.

    Attributes:
        bus: gets every entry.
        messages: gets what informs and what pages.
        pages: gets what pages.
        unannounced: gets what no other takes.
        chosen: urgencies by kind, where the account wants them otherwise than the table.
        logger: hears of each.
    """

    bus: Bus
    messages: Topic
    pages: Topic
    unannounced: Unannounced
    chosen: Mapping[Kind, Urgency]
    logger: Logger

    def announce(self, entry: Entry) -> bool:
        """Announce an entry, whether or not it was before: under the same id.

        Returns:
            False: it cannot be announced, however often it is tried, and was set aside.

        Raises:
            GreenlightError: it cannot be announced now; announce it and what comes after it again.
        """
        try:
            self._tell(entry)
        except (Malformed, Refused) as error:
            self.set_aside(entry.group, entry.seq, str(error))
            return False
        except GreenlightError:
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours must not hold up what comes after it for hours
            self.set_aside(entry.group, entry.seq, f"{type(error).__name__}: {error}")
            return False
        return True

    def set_aside(self, group: str, seq: int, reason: str) -> None:
        """Keep an entry that cannot be announced for people, so that those after it can be."""
        self.unannounced.set_aside(group, seq, reason)
        self.logger.error("set aside %s/%d: %s", group, seq, reason, extra={"group": group, "seq": seq})

    def _tell(self, entry: Entry) -> None:
        one = read(entry)
        urgency = urgency_of(one, self.chosen)
        event, message = to_event(one), to_message(one, urgency)
        # Where it fails on the way, it is all told again: machines first, who know repeats by their id, pages last.
        self.bus.put(event)
        if urgency is not Urgency.QUIET:
            self.messages.publish(message)
        if urgency is Urgency.PAGE:
            self.pages.publish(message)
        keys = {"group": one.group, "version": one.version, "kind": one.kind.value, "urgency": urgency.value}
        self.logger.info("announced %s", one.id, extra=keys)
