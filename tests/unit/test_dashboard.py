"""The function `dashboard`: what it asks for, and what it says when that cannot be had."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from aws_lambda_powertools import Logger
from hypothesis import given
from hypothesis import strategies as st

from lambdas.core.errors import Malformed, Throttled
from lambdas.core.facts import Endpoint, VersionSummary
from lambdas.core.ledger import Entry, Event, Kind, chain
from lambdas.core.names import ACCOUNT_WIDE
from lambdas.core.page.asked import Asked, asked
from lambdas.core.page.markup import written
from lambdas.core.record import Head, Record
from lambdas.dashboard import handler as entry
from lambdas.dashboard.view import MOST_ENTRIES, Sources, view
from tests.builders import GROUP, NOW, a_spec

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:greenlight-dashboard"
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@dataclass
class _World:
    """Store, registry and endpoints in one."""

    known: tuple[Record, ...] = ()
    entries: tuple[Entry, ...] = ()
    fails: Exception | None = None
    asked_for: list[Any] = field(default_factory=list)

    def load(self, group: str) -> Record | None:
        return next((record for record in self.records() if record.group == group), None)

    def records(self) -> Iterator[Record]:
        if self.fails is not None:
            raise self.fails
        yield from self.known

    def latest(self, group: str, most: int) -> Sequence[Entry]:
        self.asked_for.append((group, most))
        return self.entries

    def versions(self, group: str) -> tuple[VersionSummary, ...]:
        self.asked_for.append(group)
        return ()

    def describe(self, name: str) -> Endpoint | None:
        self.asked_for.append(name)
        return None


class _Context:
    invoked_function_arn = FUNCTION


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> _World:
    there = _World()
    app = entry.App(Sources(there, there, there), Logger(service="dashboard"))
    monkeypatch.setattr(entry, "ready", lambda: app)
    return there


def _shown(event: dict[str, Any]) -> str:
    return entry.handler(event, _Context())


def test_no_parameters_ask_for_all_groups() -> None:
    assert asked({"widgetContext": {"params": {}}}) == Asked()


def test_a_group_a_version_and_a_page_are_read() -> None:
    assert asked({"group": "churn", "version": 3, "page": 2}) == Asked("churn", 3, 2)


@pytest.mark.parametrize(
    "event",
    [
        {"group": "<script>"},
        {"group": ""},
        {"group": ["churn"]},
        {"group": "x" * 64},
        {"group": ACCOUNT_WIDE},
        {"page": "1"},
        {"page": True},
        {"page": 0},
        {"page": 1.5},
        {"version": -1},
        {"version": 10**30},
    ],
)
def test_what_is_no_name_or_number_is_named_in_the_error(event: dict[str, Any]) -> None:
    (name,) = event
    with pytest.raises(Malformed, match=name):
        asked(event)


@given(st.dictionaries(st.sampled_from(["group", "version", "page", "widgetContext", "x"]), ANYTHING))
def test_whatever_is_sent_is_read_or_refused_in_words(event: dict[str, Any]) -> None:
    try:
        found = asked(event)
    except Malformed as error:
        told = str(error)
    else:
        told = found.group or ""
    assert len(told) < 200


def test_describe_says_what_the_widget_is() -> None:
    assert "Greenlight" in _shown({"describe": True})


def test_all_groups_are_shown_and_not_what_is_recorded_of_the_account(world: _World) -> None:
    world.known = (Record(GROUP), Record(ACCOUNT_WIDE))
    page = _shown({})
    assert GROUP in page
    assert ACCOUNT_WIDE not in page


def test_a_group_is_read_by_four_calls(world: _World) -> None:
    world.known = (Record(GROUP, spec=a_spec()),)
    world.entries, _ = chain(GROUP, Head(), [Event(Kind.BLOCKED, NOW, "no proof yet", 3)])
    page = _shown({"group": GROUP})
    assert "no proof yet" in page
    assert sorted(map(str, world.asked_for)) == sorted(
        [GROUP, f"('{GROUP}', {MOST_ENTRIES})", a_spec().endpoint.name]
    )


@pytest.mark.parametrize(("theme", "ground"), [("dark", "#161e2d"), ("light", "#ffffff")])
def test_the_consoles_theme_is_taken(world: _World, theme: str, ground: str) -> None:
    assert f"--gl-ground:{ground}" in _shown({"widgetContext": {"theme": theme}})


@pytest.mark.parametrize("context", [None, [], "dark", {"theme": ["dark"]}])
def test_a_context_of_no_known_form_is_light(world: _World, context: object) -> None:
    assert "--gl-ground:#ffffff" in _shown({"widgetContext": context})


def test_an_unknown_group_is_told_on_the_page_with_a_way_back(world: _World) -> None:
    page = _shown({"group": "nobody"})
    assert "group nobody has no record" in page
    assert 'role="alert"' in page
    assert "All groups" in page


def test_hostile_parameters_are_quoted_as_text(world: _World) -> None:
    page = _shown({"group": "<script>alert(1)</script>"})
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_what_aws_refuses_is_told_on_the_page(world: _World) -> None:
    world.fails = Throttled("reading the records of all groups: no answer in time")
    assert "no answer in time" in _shown({})


def test_a_fault_of_ours_is_not_hidden(world: _World) -> None:
    world.fails = ValueError("a bug")
    with pytest.raises(ValueError, match="a bug"):
        _shown({})


def test_a_view_leads_back_by_the_function_that_was_called() -> None:
    there = _World((Record(GROUP),))
    page = written(view(Asked(), Sources(there, there, there), FUNCTION))
    assert f'endpoint="{FUNCTION}"' in page
