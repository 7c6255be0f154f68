"""A metric over versions, drawn."""

import math
import re

from hypothesis import given
from hypothesis import strategies as st

from lambdas.core.page.chart import chart
from lambdas.core.page.markup import written

NUMBERS = st.dictionaries(st.integers(1, 10_000), st.floats(), max_size=200)


@given(NUMBERS, st.none() | st.integers(1, 10_000))
def test_whatever_the_numbers_all_that_is_drawn_is_inside_the_drawing(
    values: dict[int, float], live: int | None
) -> None:
    page = written(chart("auc", values, live))
    finite = [value for value in values.values() if math.isfinite(value)]
    assert page.count('class="gl-dot"') == len(finite)
    assert not re.search(r'"(nan|inf|-inf)"', page)
    for name, most in (("cx", 320), ("cy", 120)):
        assert all(0 <= float(told) <= most for told in re.findall(rf'{name}="([^"]*)"', page))


def test_no_number_is_told_in_words() -> None:
    assert "No version has this metric." in written(chart("auc", {}, None))


def test_what_is_no_finite_number_is_counted() -> None:
    assert "2 versions have no finite number." in written(
        chart("auc", {1: 0.5, 2: math.nan, 3: math.inf}, None)
    )


def test_one_version_has_one_label_on_each_axis() -> None:
    assert re.findall(r"<text[^>]*>([^<]*)", written(chart("auc", {7: 0.5}, None))) == ["0.5", "v7"]


def test_the_live_version_is_marked_by_a_word_and_told_to_screen_readers() -> None:
    page = written(chart("auc", {1: 0.5, 2: 0.75}, 2))
    assert ">live</text>" in page
    assert "2 versions, v1 to v2, from 0.5 to 0.75; v2, which is live, has 0.75" in page


def test_a_live_version_without_the_metric_is_not_marked() -> None:
    assert "live" not in written(chart("auc", {1: 0.5}, 2))


def test_a_better_value_stands_higher() -> None:
    low, high = re.findall(r'cy="([^"]*)"', written(chart("auc", {1: 0.5, 2: 0.75}, None)))
    assert float(high) < float(low)


def test_of_one_version_it_is_said_as_of_one() -> None:
    assert "one version, v2, 0.95" in written(chart("recall", {2: 0.95}, None))
