"""Data capture: which requests are captured, how one is written, and where.

Sources: SageMaker developer guide, "Capture data from real-time endpoint" (a line, the object's name); botocore,
DataCaptureConfig and CaptureContentTypeHeader (without a header, base64).
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from local.sagemaker.rollout import running

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.sagemaker.account import Account
    from local.sagemaker.ports import Fleet


@dataclass(frozen=True)
class Exchange:
    """A request and its answer; `at` in epoch seconds."""

    id: str
    at: float
    body: bytes
    content_type: str
    answer: bytes
    answer_type: str
    inference_id: str | None = None


def capture_of(account: Account, fleet: Fleet) -> Mapping[str, Any] | None:
    """The DataCaptureConfig by which a running fleet's requests are captured; None: they are not."""
    endpoint = account.state.endpoints.get(fleet.endpoint.lower())
    for side in running(endpoint) if endpoint is not None else ():
        if any(variant.fleet.id == fleet.id for variant in side.variants):
            capture = side.data_capture
            return capture if capture is not None and capture.get("EnableCapture", True) else None
    return None


def place(destination: str, fleet: Fleet, exchange: Exchange) -> tuple[str, str]:
    """Bucket and key of an object with captured exchanges: below the destination by endpoint, variant and hour."""
    bucket, _, prefix = destination.removeprefix("s3://").partition("/")
    hour = datetime.fromtimestamp(exchange.at, UTC).strftime("%Y/%m/%d/%H/%M-%S-%f")[:-3]
    parts = (prefix.strip("/"), fleet.endpoint, fleet.variant, f"{hour}-{exchange.id}.jsonl")
    return bucket, "/".join(part for part in parts if part)


def line(capture: Mapping[str, Any], exchange: Exchange) -> str:
    """An exchange as a line of JSON Lines, with what CaptureOptions asks for."""
    modes = {option["CaptureMode"] for option in capture["CaptureOptions"]}
    header = capture.get("CaptureContentTypeHeader", {})
    sides = (
        ("Input", "endpointInput", exchange.body, exchange.content_type),
        ("Output", "endpointOutput", exchange.answer, exchange.answer_type),
    )
    data = {
        name: {"observedContentType": kind, "mode": mode.upper(), **_encoded(content, kind, header)}
        for mode, name, content, kind in sides
        if mode in modes or "InputAndOutput" in modes
    }
    metadata = {
        "eventId": exchange.id,
        "inferenceTime": datetime.fromtimestamp(exchange.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        **({"inferenceId": exchange.inference_id} if exchange.inference_id else {}),
    }
    told = {"captureData": data, "eventMetadata": metadata, "eventVersion": "0"}
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False) + "\n"


def _encoded(content: bytes, kind: str, header: Mapping[str, Any]) -> dict[str, str]:
    """As text where the header says that the content type is CSV or JSON, and it is text; else base64."""
    plain = kind.partition(";")[0].strip().lower()
    for encoding, names in (("CSV", "CsvContentTypes"), ("JSON", "JsonContentTypes")):
        if plain in {str(name).lower() for name in header.get(names, ())}:
            try:
                return {"data": content.decode(), "encoding": encoding}
            except UnicodeDecodeError:
                break
    return {"data": base64.b64encode(content).decode(), "encoding": "BASE64"}
