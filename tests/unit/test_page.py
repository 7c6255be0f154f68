"""The page: what it shows, and that nothing that somebody wrote becomes markup."""

import json
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.core.page.markup import action, element, written
from lambdas.core.page.overview import overview, page_of
from lambdas.core.record import Approval, Decided, Pending, Phase, Placement, Record
from tests.builders import APPROVER, GROUP, NOW

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:greenlight-dashboard"
HOSTILE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            '"><img src=x onerror=alert(1)>',
            "' onmouseover='alert(1)",
            "</cwdb-action><iframe src=//x>",
            "<!--",
            "&lt;b&gt;",
            "\u202ereversed\x00",
        ]
    ),
)


class _Read(HTMLParser):
    """The elements, attributes and text of a page, as a browser takes them."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.elements.append(("!--", (data,)))


def _shown(*records: Record, number: int = 1) -> _Read:
    return _Read(written(overview(page_of(records, number), FUNCTION)))


def _record(words: str = "why", group: str = GROUP) -> Record:
    decided = Decided(Approval.APPROVED, NOW, by=replace(APPROVER, arn=f"arn:x/{words}"), reason=words)
    return Record(group, reason=words, since=NOW, versions={1: decided}, pending={2: Pending(NOW)})


@given(HOSTILE, HOSTILE)
def test_words_from_outside_never_become_an_element_or_an_attribute(words: str, group: str) -> None:
    assert _shown(_record(words, group)).elements == _shown(_record()).elements


@given(HOSTILE)
def test_an_attribute_is_never_more_than_its_value(words: str) -> None:
    assert _Read(written(element("div", title=words))).elements == [("div", ("title",))]


@given(HOSTILE)
def test_a_button_hands_over_exactly_the_name_it_was_given(name: str) -> None:
    read = _Read(written(action("look", FUNCTION, {"group": name})))
    assert json.loads("".join(read.texts[1:])) == {"group": name}


@pytest.mark.parametrize("name", ["script", "iframe", "form", "img", "style"])
def test_the_page_has_no_element_that_runs_or_loads_something(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        element(name)


@pytest.mark.parametrize("name", ["onclick", "href", "src", "style"])
def test_the_page_has_no_attribute_that_runs_or_loads_something(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        element("div", **{name: "x"})


def test_a_row_tells_phase_live_pending_and_who_decided_last() -> None:
    placement = Placement(1, "config", "model", "ml.m5.large", live_at=NOW)
    record = replace(_record(), phase=Phase.SETTLED, kept=(placement,), live="config")
    record = replace(record, versions={1: Decided(Approval.APPROVED, NOW, by=APPROVER)})
    text = " | ".join(_shown(record).texts)
    assert "● Settled" in text
    assert "| v1 |" in text
    assert "| v2 |" in text
    assert "v1 Approved by  | ann | , 2023-11-16" in text


def test_no_group_is_told_in_words() -> None:
    assert _shown().texts == ["There is no group yet; add its YAML and deploy."]


def test_more_pending_versions_than_are_named_are_counted() -> None:
    record = replace(_record(), pending={number: Pending(NOW) for number in range(1, 6)})
    assert "v5, v4, v3 and 2 more" in _shown(record).texts


def test_groups_that_need_a_person_come_first() -> None:
    phases = (Phase.SETTLED, Phase.ROLLING, Phase.BLOCKED, Phase.HALTED)
    page = page_of([replace(_record(group=f"g{n}"), phase=one) for n, one in enumerate(phases)], 1)
    assert [record.phase for record in page.shown] == list(reversed(phases))


def test_500_groups_are_all_found_page_by_page_and_each_page_says_how_many_it_leaves_out() -> None:
    records = [_record("r" * 5000, f"group-{number:03}") for number in range(500)]
    pages = [page_of(records, number) for number in range(1, 6)]
    assert [one.group for page in pages for one in page.shown] == [one.group for one in records]
    assert "Page 1 of 5; 400 groups are not shown here. " in _shown(*records).texts
    assert len(written(overview(pages[0], FUNCTION))) < 200_000


@pytest.mark.parametrize(("asked", "shown"), [(-1, 1), (0, 1), (2, 2), (99, 2)])
def test_a_page_out_of_range_is_the_nearest(asked: int, shown: int) -> None:
    assert page_of([_record(group=f"g{number}") for number in range(150)], asked).number == shown
