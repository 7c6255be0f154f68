"""Documents: evaluation reports, baselines, and what events say of containers."""

import json
from typing import Any

from hypothesis import strategies as st

from lambdas.core.comparison import compare
from lambdas.core.content import container_of, difference, fingerprint, shown
from lambdas.core.gates import not_allowed, outside
from lambdas.core.quality import (
    MOST_FIGURES,
    Compared,
    report_of,
    shortcomings,
    sound_baseline,
    sound_report,
)
from lambdas.core.spec import AllowedSpec, GatesSpec, MetricGate
from tests.builders import package
from tests.fuzz.registry import reason_of, target

_LONGEST = 500  # bytes of a reason
_GATES = GatesSpec(
    metrics=tuple(
        MetricGate(name, at_least=0.5, worse_than_live_by=0.1) for name in ("loss", "a.b", "value", "é")
    )
)

keys = st.sampled_from(["loss", "a", "b", "a.b", "value", "é", "features", "", "S3Uri", "k" * 300]) | st.text(
    max_size=8
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(
        [10**4_000, -(2**64), 1e308, "NaN", "1e400", "\ud800", "\N{PILE OF POO}" * 300, [0.0] * 500]
    )
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=25,
)
encodings = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "latin-1"])


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """JSON in some encoding, whole or spoiled; deep; or anything."""
    kind = draw(st.integers(0, 9))
    if not kind:
        return draw(st.binary(max_size=200))
    if kind == 1:
        deep, begin, end = draw(st.integers(1, 3_000)), *draw(st.sampled_from([("[", "]"), ('{"a":', "}")]))
        return (begin * deep + "1" + end * draw(st.sampled_from([deep, 0]))).encode()
    text = json.dumps(draw(values), ensure_ascii=draw(st.booleans()))
    content = bytearray(text.encode(draw(encodings), "replace"))
    if content and kind == 2:
        content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    return bytes(content)


@target(documents())
def reports(document: bytes) -> None:
    """Of every document there is an answer or a reason, the same in the functions and on the command line."""
    read = report_of(document)
    version = Compared(package(2), read)
    for reason in shortcomings(_GATES, version, version):
        assert len(reason) < _LONGEST, reason
    assert len(compare(version, version, _GATES).metrics) <= MOST_FIGURES
    why = reason_of(lambda: sound_report(document))
    assert read.problem is None or why == read.problem
    assert len(why or "") < _LONGEST


@target(documents())
def baselines(document: bytes) -> None:
    """A baseline is sound, or there is a reason."""
    reason = reason_of(lambda: sound_baseline(document, "statistics"))
    assert len(reason or "") < _LONGEST
    assert reason is not None or isinstance(report_of(document).data["features"], list)


_MEMBERS = st.sampled_from(
    ["Image", "ImageDigest", "ModelDataUrl", "ModelDataETag", "Environment", "ModelDataSource", "ContainerHostname",
     "AdditionalModelDataSources", "ModelInput", "Surprise"]
)  # fmt: skip
_SOURCES = st.fixed_dictionaries({"S3DataSource": values | st.fixed_dictionaries({"S3Uri": values})})


@target(st.dictionaries(_MEMBERS, values | _SOURCES, max_size=6))
def containers(members: dict[str, Any]) -> None:
    """Whatever an event says of a container, it is read, compared and judged, and reasons are short."""
    container, sound = container_of(members), package(1).containers[0]
    assert len(fingerprint([container])) == 64
    json.dumps(shown([container]))
    said = [
        *not_allowed(AllowedSpec(("registry/x",), ("models",)), container),
        *outside(("s3://models/churn",), container),
        difference([container], [sound]) or "",
        difference([sound], [container]) or "",
    ]
    assert all(len(reason) < 2 * _LONGEST for reason in said), said
    definition = container.definition()
    assert set(definition) <= {
        "Image", "ModelDataUrl", "Environment", "ContainerHostname", "ModelDataSource", "AdditionalModelDataSources"
    }  # fmt: skip
