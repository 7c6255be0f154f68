"""The smoke test: one request to a version that has just taken over, before its success is recorded."""

from lambdas.core.facts import Outcome, Payload, Probe, Trial, VersionDetail
from lambdas.core.record import Direction, Rollout
from lambdas.core.spec import EndpointMode, SmokeTest
from lambdas.core.turn import Need, Turn

COLD_START = 45
"""Seconds more for a serverless endpoint's first answer: with the longest smoke test the minute that AWS waits [B]."""
MOST_INLINE = 128_000  # bytes that InvokeEndpointAsync takes with the call [B]


def smoke_test(turn: Turn, rollout: Rollout) -> Need | Trial | None:
    """What the smoke test of a version shows that serves now; a way back has none, if its config served well before.

    A way back is not held up for want of a payload, either.

    Returns:
        What must be read or tried first, what came of the test, or None: there is none to make.
    """
    asked = turn.spec.smoke_test
    placement, backward = turn.record.placement(rollout.config), rollout.direction is Direction.BACKWARD
    if asked is None or (backward and placement is not None and placement.live_at is not None):
        return None
    if rollout.version not in turn.facts.details:
        return Need(details=frozenset({rollout.version}))
    detail = turn.facts.details[rollout.version]
    if turn.record.versions[rollout.version].is_rejected and _has_payload(asked, detail):
        return Trial(Outcome.INCONCLUSIVE, "it was rejected before")
    mode = turn.spec.endpoint.mode if turn.facts.endpoint is None else turn.facts.endpoint.mode
    payload = _payload(turn, asked, detail, mode)
    if payload is None or isinstance(payload, Need):
        return payload
    if backward and payload.problem is not None:
        return None
    if payload.problem is not None:
        return Trial(Outcome.INCONCLUSIVE, payload.problem)
    if mode is EndpointMode.ASYNCHRONOUS and turn.spec.reader_role is None:
        return Trial(Outcome.INCONCLUSIVE, "nobody may read its answer: the group's spec is not asynchronous")
    types = detail.content_types if detail is not None else ()
    return turn.facts.trial or Need(
        trial=Probe(
            endpoint=turn.spec.endpoint.name,
            body=payload.content,
            content_type=asked.content_type or next(iter(types), None),
            accept=asked.accept,
            status=asked.status,
            answer=asked.answer,
            seconds=asked.seconds,
            cold_start=COLD_START if mode is EndpointMode.SERVERLESS else 0,
            mode=mode,
            reader=turn.spec.reader_role if mode is EndpointMode.ASYNCHRONOUS else None,
        )
    )


def cannot_be_tested(turn: Turn, detail: VersionDetail, mode: EndpointMode) -> Need | str | None:
    """Why a version could go live in this mode and not be tested then, in words; None: it can be, or need not be."""
    asked = turn.spec.smoke_test
    payload = None if asked is None else _payload(turn, asked, detail, mode)
    return payload.problem if isinstance(payload, Payload) else payload


def _has_payload(asked: SmokeTest, detail: VersionDetail | None) -> bool:
    return asked.payload is not None or (detail is not None and detail.sample is not None)


def _payload(
    turn: Turn, asked: SmokeTest, detail: VersionDetail | None, mode: EndpointMode
) -> Need | Payload | None:
    if asked.payload is not None:
        return Payload(asked.payload.encode())
    if detail is None or detail.sample is None:
        return None
    if detail.sample not in turn.facts.payloads:
        return Need(payloads=frozenset({detail.sample}))
    sample = turn.facts.payloads[detail.sample]
    if mode is EndpointMode.ASYNCHRONOUS and len(sample.content) > MOST_INLINE:
        size = f"{len(sample.content)} bytes"
        return Payload(
            problem=f"its sample payload has {size}; an asynchronous endpoint is tested by at most {MOST_INLINE}"
        )
    return sample
