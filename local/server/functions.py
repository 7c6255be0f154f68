"""AWS Lambda as ministack has it, with our processes: replaces how one invocation is executed, and FIFO polling."""

from __future__ import annotations

import logging
from typing import Any

from local.server import hooks
from local.server.function_process import FunctionFailedError, FunctionProcess

logger = logging.getLogger(__name__)

DEFAULT_CONCURRENT_BATCHES = 10
"""Batches in flight per SQS mapping that names no MaximumConcurrency. AWS goes up to 1,250; two cores do not."""


def install() -> None:
    """Put our processes and our FIFO polling in ministack's places."""
    hooks.replace("core.lambda_runtime._worker_class_for", lambda config: FunctionProcess)  # noqa: ARG005 - the hook's shape
    hooks.replace("services.lambda_svc._execute_function_warm", execute)
    hooks.replace("services.lambda_svc._sqs_esm_concurrency", concurrent_batches)
    hooks.replace("services.lambda_svc._ESM_BACKOFF_SECONDS", 0.0)


def execute(func: dict[str, Any], event: object, request_id: str) -> dict[str, Any]:
    """Run one invocation in a free process of the function; ministack's result record.

    A handler's exception leaves the process warm, as on AWS; a timeout or an exit ends it.
    """
    from ministack.core import lambda_runtime  # noqa: PLC0415 - ministack reads its settings at import

    config = func.get("config") or func
    hooks.private("services.lambda_svc._ensure_reaper_thread")()
    process, _ = lambda_runtime.acquire_worker(
        config["FunctionName"], config, func["code_zip"], qualifier=config.get("Version", "$LATEST")
    )
    try:
        result, log = process.invoke(event, request_id)
    except FunctionFailedError as error:
        logger.info("function %s failed: %s", config["FunctionName"], error)
        return {"body": error.report, "error": True, "log": error.log}
    finally:
        lambda_runtime.release_worker(process)
    return {"body": result, "log": log}


def concurrent_batches(
    esm: dict[str, Any], func_rec: dict[str, Any], config: dict[str, Any], queue: dict[str, Any] | None = None
) -> int:
    """How many batches of one SQS mapping may be in flight.

    Also of a FIFO queue: SQS gives out no message of a message group while another of it is in flight, so
    batches never share a group, and order within a group holds (Lambda guide, "Using Lambda with Amazon SQS").
    """
    del func_rec, queue
    limit = int((esm.get("ScalingConfig") or {}).get("MaximumConcurrency") or DEFAULT_CONCURRENT_BATCHES)
    reserved = config.get("ReservedConcurrentExecutions")
    return limit if reserved is None else min(limit, int(reserved))
