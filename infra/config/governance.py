"""The model of `governance.yaml`: who may audit, who may break the glass, when all hold still, who is told what."""

import json
import os.path
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from infra.config import words
from infra.config.group import FreezeConfig, RecurringFreezeConfig
from infra.config.problems import ConfigError, Problem, from_pydantic, shown, the_first
from infra.config.section import Section
from infra.config.source import read
from infra.config.trust_policy import too_long
from lambdas.core.announcements import Urgency
from lambdas.core.ledger import Kind
from lambdas.core.spec import Calendar

DEFAULT = Path("governance.yaml")


class BreakGlassConfig(Section):
    """The role for emergencies; without this section there is none."""

    principals: Annotated[tuple[words.Principal, ...], Field(min_length=1)]
    """Who may step into it: IAM users with a second factor and their own name as source identity; roles whose session
    has a source identity. AWS does not know whether a role's people gave a second factor: ask where they sign in."""


class MessagesConfig(Section):
    """What is told how urgently, where it is not to be as usual, and whom mails go to."""

    page: tuple[Kind, ...] = ()
    """Kinds of ledger entries for which somebody must look now: told to the alarm topic too."""
    inform: tuple[Kind, ...] = ()
    """Kinds that people are told, by the message topic."""
    quiet: tuple[Kind, ...] = ()
    """Kinds that are events on the bus only."""
    mail: tuple[words.Mail, ...] = ()
    """Who gets each message by mail, once confirmed by a link that AWS sends."""

    @property
    def urgencies(self) -> dict[Kind, Urgency]:
        """What was chosen, by kind."""
        chosen = {Urgency.PAGE: self.page, Urgency.INFORM: self.inform, Urgency.QUIET: self.quiet}
        return {kind: urgency for urgency, kinds in chosen.items() for kind in kinds}


class GovernanceConfig(Section):
    """What holds for the whole account."""

    auditors: tuple[words.Principal, ...] = ()
    """Who may step into the role that reads everything and writes nothing."""
    break_glass: BreakGlassConfig | None = None
    freeze: tuple[FreezeConfig, ...] = ()
    """Windows in which no group moves forward."""
    recurring_freeze: tuple[RecurringFreezeConfig, ...] = ()
    messages: MessagesConfig = MessagesConfig()

    @property
    def calendar(self) -> Calendar:
        """The freeze windows, as reconcile reads them."""
        return Calendar(
            tuple(window.as_spec() for window in self.freeze),
            tuple(window.as_spec() for window in self.recurring_freeze),
        )


def load_governance(path: Path, *, required: bool) -> GovernanceConfig:
    """Read and check the file.

    Args:
        path: of the file.
        required: whether it must be there; the default one may be left out.

    Raises:
        ConfigError: with every problem.
    """
    if not os.path.lexists(path) and not required:
        return GovernanceConfig()
    raw = read(path, path.name, may_be_empty=True)
    if isinstance(raw, Problem):
        raise ConfigError([raw])
    try:
        config = GovernanceConfig.model_validate_json(json.dumps(raw))
    except ValidationError as error:
        found = from_pydantic(path.name, error, GovernanceConfig)
        raise ConfigError(the_first(found, path.name)) from error
    if problems := list(_breaches(config, path.name)):
        raise ConfigError(the_first(problems, path.name))
    return config


def _breaches(config: GovernanceConfig, file: str) -> Iterator[Problem]:
    named = {"auditors": config.auditors}
    if config.break_glass is not None:
        named["break_glass.principals"] = config.break_glass.principals
    for key, principals in named.items():
        # As `infra.constructs.account_roles` makes them.
        strict = key != "auditors"
        if (said := too_long(principals, mfa=strict, source_identity=strict, tags={})) is not None:
            yield Problem(file, key, shown(f"{len(principals)} principals"), said)
        for index, principal in enumerate(principals):
            if principal in principals[:index]:
                yield Problem(file, f"{key}.{index}", shown(principal), "is named twice")
    yield from _said_twice(config.messages, file)
    for index, window in enumerate(config.freeze):
        if window.end <= window.start:
            allowed = f"must be after its start, {window.start}"
            yield Problem(file, f"freeze.{index}.end", shown(window.end), allowed)


def _said_twice(messages: MessagesConfig, file: str) -> Iterator[Problem]:
    """A kind has one urgency, and nobody needs two mails."""
    first: dict[str, str] = {}
    for name, kinds in (("page", messages.page), ("inform", messages.inform), ("quiet", messages.quiet)):
        for index, kind in enumerate(kinds):
            key = f"messages.{name}.{index}"
            other = first.setdefault(kind.value, key)
            if other != key:
                yield Problem(
                    file, key, shown(kind.value), f"is said already, by {other}; a kind has one urgency"
                )
    for index, address in enumerate(messages.mail):
        if address.lower() in {one.lower() for one in messages.mail[:index]}:
            yield Problem(file, f"messages.mail.{index}", shown(address), "is named twice")
