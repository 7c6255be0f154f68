"""DynamoDB streams to functions, each mapping in a thread of its own: one table's records, in order, with retries.

Lambda guide, "Using AWS Lambda with Amazon DynamoDB": a failed batch is tried again, holding up what comes after
it, until it succeeds, its records are too old, or the retries are used up; then it goes to the on-failure
destination. A reported failed item moves the start of the next try to it; bisecting halves the next try.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from local.server import hooks
from local.server.scope import account_scope

if TYPE_CHECKING:
    from local.server.clock import ScaledTime

    Mapping = dict[str, Any]
    Batch = list[dict[str, Any]]

_LAMBDA = "services.lambda_svc"
LONGEST_WAIT = 60.0
UNLIMITED = -1


class Streams:
    """Takes ministack's place, which ran the function in the thread that polls every queue."""

    def __init__(self, clock: ScaledTime) -> None:
        self._clock = clock
        self._working: set[str] = set()
        self._lock = threading.Lock()

    def install(self) -> None:
        """Poll in ministack's place."""
        hooks.replace(f"{_LAMBDA}._poll_dynamodb_streams", self.poll)

    def poll(self) -> bool:
        """Set to work each mapping whose table has new records; never anything that the poller should wait for."""
        for account, region, mapping in list(hooks.private(f"{_LAMBDA}._iter_all_esms")()):
            if ":dynamodb:" not in mapping.get("EventSourceArn", ""):
                continue
            with self._lock:
                if mapping["UUID"] in self._working:
                    continue
                self._working.add(mapping["UUID"])
            threading.Thread(target=self._work, args=(account, region, mapping), daemon=True).start()
        return False

    def _work(self, account: str, region: str, mapping: Mapping) -> None:
        try:
            with account_scope(account, region):
                attempt, size = 0, int(mapping.get("BatchSize", 100))
                while mapping.get("Enabled", True) and (batch := self._next(mapping, size)):
                    done = self._run(mapping, batch, attempt)
                    if done:
                        self._advance(mapping, done)
                        attempt, size = 0, int(mapping.get("BatchSize", 100))
                        continue
                    time.sleep(self._clock.wall_seconds(min(2.0**attempt, LONGEST_WAIT)))
                    attempt += 1
                    if mapping.get("BisectBatchOnFunctionError"):
                        size = max(1, len(batch) // 2)
        finally:
            with self._lock:
                self._working.discard(mapping["UUID"])

    def _next(self, mapping: Mapping, size: int) -> Batch:
        from ministack.services import dynamodb  # noqa: PLC0415 - reads settings at import

        arn: str = mapping["EventSourceArn"]
        name = arn.split("/")[1]
        table = hooks.private("services.dynamodb._tables").get(name)
        if not table or table.get("LatestStreamArn") != arn:
            return []
        positions = hooks.private(f"{_LAMBDA}._dynamodb_stream_positions")
        horizon = dynamodb.stream_start_position(name)
        latest = mapping.get("StartingPosition", "LATEST") == "LATEST"
        first = dynamodb.stream_end_position(name) if latest else horizon
        position = max(positions.setdefault(mapping["UUID"], first), horizon)
        positions[mapping["UUID"]] = position
        batch: Batch = dynamodb.stream_records_since(name, position, size)
        return batch

    def _run(self, mapping: Mapping, batch: Batch, attempt: int) -> int:
        """Try a batch; how many of its records are done with, 0 to try again."""
        wanted: Batch = hooks.private(f"{_LAMBDA}._apply_filter_criteria")(batch, mapping)
        function, _ = hooks.private(f"{_LAMBDA}._get_func_record_for_qualifier")(
            mapping["FunctionName"], mapping.get("Qualifier")
        )
        if not wanted:
            return len(batch)
        if function is None:
            return 0
        result = hooks.private(f"{_LAMBDA}._execute_function")(function, {"Records": wanted})
        reported = _reported(mapping, result)
        if not result.get("error") and not reported:
            mapping["LastProcessingResult"] = f"OK - {len(wanted)} records"
            return len(batch)
        mapping["LastProcessingResult"] = "FAILED"
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
        done = min((numbers.index(number) for number in reported if number in numbers), default=0)
        if done:
            return done
        given_up = self._given_up(mapping, batch, attempt)
        if given_up:
            send = hooks.private(f"{_LAMBDA}._send_ddb_stream_failure_record")
            send(mapping, function, wanted, mapping["EventSourceArn"], result, given_up)
            return len(batch)
        return 0

    def _given_up(self, mapping: Mapping, batch: Batch, attempt: int) -> str:
        most = int(mapping.get("MaximumRetryAttempts", UNLIMITED))
        oldest_allowed = int(mapping.get("MaximumRecordAgeInSeconds", UNLIMITED))
        created = min(float(record["dynamodb"]["ApproximateCreationDateTime"]) for record in batch)
        age = (time.time() - created) * self._clock.scale
        if most != UNLIMITED and attempt >= most:
            return "RetryAttemptsExhausted"
        if oldest_allowed not in (0, UNLIMITED) and age > oldest_allowed:
            return "MaxRecordAgeExceeded"
        return ""

    @staticmethod
    def _advance(mapping: Mapping, count: int) -> None:
        hooks.private(f"{_LAMBDA}._dynamodb_stream_positions")[mapping["UUID"]] += count


def _reported(mapping: Mapping, result: dict[str, Any]) -> list[str]:
    """The sequence numbers that the function reported as failed, if the mapping lets it report."""
    body = result.get("body")
    if "ReportBatchItemFailures" not in (mapping.get("FunctionResponseTypes") or []) or not isinstance(
        body, dict
    ):
        return []
    return [str(item["itemIdentifier"]) for item in body.get("batchItemFailures") or []]
