"""Runs SageMaker's pipelines: each is a Python callable, and each execution a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from local.server import sessions
from local.server.settings import callables, client_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from local.sagemaker.ports import PipelineRun
    from local.server.settings import ServerSettings

    Ended = Callable[[str, str | None, Sequence[str]], None]

_SECONDS = 3600  # wall time after which an execution is taken for lost


class Pipelines:
    """The pipelines that are known here, and the executions under way.

    Args:
        settings: of the local AWS; say which callables there are from the start.
        ended: is told an execution's ARN, why it failed (None: it did not), and what it registered.
    """

    def __init__(self, settings: ServerSettings, ended: Ended) -> None:
        self._settings, self._ended = settings, ended
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()
        self.callables: Mapping[str, str] = dict(settings.pipelines)

    def set_callables(self, wanted: Mapping[str, Any]) -> None:
        """From now on pipelines are these. ValueError for what is not package.module:callable."""
        self.callables = callables(wanted)

    def begin(self, run: PipelineRun) -> None:
        """Start an execution's process; its end is told from another thread."""
        name = self.callables.get(run.name)
        if name is None:
            self._ended(
                run.arn,
                f"the local AWS runs no pipeline definitions, and does not know what pipeline {run.name} is: name a "
                f"Python callable, by LOCAL_PIPELINES={run.name}=package.module:callable or by the setting `pipelines`",
                (),
            )
            return
        if not sessions.assumable(self._settings, run.role_arn):
            self._ended(
                run.arn, f"role {run.role_arn} is not there, or does not trust sagemaker.amazonaws.com", ()
            )
            return
        session = sessions.session(self._settings, run.role_arn, f"pipeline-{run.name}")
        process = self._start(session)
        with self._lock:
            self._running[run.arn] = process
        asked = {"callable": name, "job": self._job(run, session)}
        threading.Thread(
            target=self._wait, args=(run.arn, process, asked), name=f"pipeline-{run.name}", daemon=True
        ).start()

    def stop(self, arn: str) -> None:
        """End an execution's process; nothing if it has ended."""
        with self._lock:
            process = self._running.pop(arn, None)
        if process is not None:
            _kill(process)

    def stop_all(self) -> None:
        """End every execution's process."""
        for arn in list(self._running):
            self.stop(arn)

    def clear(self) -> None:
        """End every execution, and know only the callables of the start."""
        self.stop_all()
        self.callables = dict(self._settings.pipelines)

    def _start(self, session: Mapping[str, str]) -> subprocess.Popen[bytes]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        s = self._settings
        return subprocess.Popen(
            [sys.executable, "-m", "local.server.pipeline_process"],
            env={**own, **client_environment(s.endpoint, s.account, s.region), **session},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # with what it starts it is one group, and ends as one
        )

    def _job(self, run: PipelineRun, session: Mapping[str, str]) -> dict[str, Any]:
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        return {
            "parameters": dict(run.parameters),
            "execution_arn": run.arn,
            "region": self._settings.region,
            "account": self._settings.account,
            "endpoint_url": self._settings.endpoint,
            "credentials": {name.lower(): session[name] for name in names},
        }

    def _wait(self, arn: str, process: subprocess.Popen[bytes], asked: Mapping[str, Any]) -> None:
        try:
            output, _ = process.communicate(json.dumps(asked).encode(), timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            _kill(process)
            output = b""
        with self._lock:
            self._running.pop(arn, None)
        told = _told(output, process.returncode)
        self._ended(arn, told.get("failure"), told.get("registered", ()))


def _told(output: bytes, status: int | None) -> dict[str, Any]:
    try:
        return dict(json.loads(output))
    except ValueError:
        return {"failure": f"the pipeline's process ended with status {status} and said nothing"}


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):  # it has ended by itself
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
