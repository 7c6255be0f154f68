"""The demo's clients: what they send, and what they tell when it is known what was true."""

import threading
from itertools import count
from typing import Any

from local.demo.traffic import Traffic
from tests.local.server.waiting import eventually


class Runtime:
    """Answers everything, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def invoke_endpoint(self, **request: Any) -> None:
        """Keep a request."""
        self.asked.append(request)


def test_requests_have_no_id_unless_their_labels_are_known() -> None:
    runtime = Runtime()
    with Traffic(runtime, "fraud", "text/csv", iter(lambda: b"1", b""), pause=0.001) as traffic:
        eventually(lambda: traffic.answered() > 2)
    assert all(set(request) == {"EndpointName", "ContentType", "Body"} for request in runtime.asked)


def test_the_label_of_each_answered_request_is_told_by_its_id() -> None:
    runtime, told, done = Runtime(), dict[str, int](), threading.Event()

    def tell(inference_id: str, label: int) -> None:
        told[inference_id] = label
        if len(told) > 3:
            done.set()

    bodies = (str(number).encode() for number in count())
    with Traffic(
        runtime, "fraud", "text/csv", iter(lambda: b"before", b""), pause=0.001, tell=tell
    ) as traffic:
        traffic.send(bodies, count())
        assert done.wait(10)
    labelled = {
        request["InferenceId"]: int(request["Body"]) for request in runtime.asked if "InferenceId" in request
    }
    assert told == {one: labelled[one] for one in told}
