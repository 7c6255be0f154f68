"""A widget's function for the tests: returns, fails or shows its event, as its parameters say."""

import html
import json
from typing import Any


def handler(event: dict[str, Any], context: Any) -> Any:
    """`fail`: raise it; `returned`: return it; otherwise the event as HTML."""
    if "fail" in event:
        raise LookupError(event["fail"])
    if "returned" in event:
        return event["returned"]
    return f"<h3>Event</h3><pre id='event'>{html.escape(json.dumps(event))}</pre>"
