"""One execution environment of AWS Lambda: a process with the function's code, its log, and nothing of ours.

The process runs the server's Python, whatever version the runtime names. It sees the function's variables, what
AWS sets (Lambda guide, "Defined runtime environment variables"), and AWS_ENDPOINT_URL, which stands in for
AWS's own name service. It can import the standard library, the function's code and layers, and what the runtime
brings (boto3 and what boto3 needs); not the packages of this project.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

from local.server import hooks

BOOTSTRAP = Path(__file__).with_name("function_bootstrap.py")
MARK = "\0end\0"
RUNTIME_PACKAGES = ("boto3", "botocore", "jmespath", "s3transfer", "dateutil", "six", "urllib3")
INIT_TIMEOUT = 30.0  # AWS gives init 10 s and tries again within the invocation; two busy cores need more
_LOG_GRACE = 2.0

_runtime_lock = threading.Lock()


class FunctionFailedError(Exception):
    """The function ended with an error: `report` has AWS Lambda's errorType and errorMessage; `log` its output."""

    def __init__(self, report: dict[str, Any], log: str = "") -> None:
        super().__init__(f"{report['errorType']}: {report['errorMessage']}")
        self.report = report
        self.log = log


def runtime_directory() -> Path:
    """A folder with links to the packages that AWS's Python runtime brings, and nothing else."""
    folder = Path(tempfile.gettempdir()) / "lambda-runtime"
    with _runtime_lock:
        if not folder.exists():
            folder.mkdir()
            for name in RUNTIME_PACKAGES:
                spec = importlib.util.find_spec(name)
                if spec is None or spec.origin is None:
                    raise RuntimeError(f"the local AWS needs the Python package {name}; run `make install`")
                origin = Path(spec.origin)
                source = origin.parent if origin.name == "__init__.py" else origin
                (folder / source.name).symlink_to(source)
    return folder


def environment(
    config: dict[str, Any], code: Path, credentials: dict[str, str], endpoint: str
) -> dict[str, str]:
    """The variables of a function's process: its own, and those that AWS sets."""
    name, version = str(config["FunctionName"]), str(config.get("Version", "$LATEST"))
    region = str(config["FunctionArn"]).split(":")[3]
    group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}"
    reserved = hooks.private("core.lambda_runtime._RESERVED_RUNTIME_ENV_VARS")
    own = (config.get("Environment") or {}).get("Variables") or {}
    return {
        "AWS_ENDPOINT_URL": endpoint,
        **{key: str(value) for key, value in own.items() if key not in reserved},
        **credentials,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{config.get('Runtime', 'python3.13')}",
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize", 128)),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": group,
        "AWS_LAMBDA_LOG_STREAM_NAME": f"{time.strftime('%Y/%m/%d')}/[{version}]{os.urandom(16).hex()}",
        "LAMBDA_TASK_ROOT": str(code),
        "LAMBDA_RUNTIME_DIR": str(runtime_directory()),
        "_HANDLER": str(config.get("Handler", "index.handler")),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
    }


class FunctionClock:
    """How many wall seconds the functions' clock is ahead: what they wait for by the hour can so be seen at once."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def set_ahead(self, seconds: float) -> None:
        """From the next invocation on. ValueError for a time that has no sense."""
        if not 0 <= seconds <= _FARTHEST_AHEAD:
            raise ValueError(f"{seconds!r} is not a number of wall seconds from 0 to {_FARTHEST_AHEAD:.0f}")
        self.ahead = float(seconds)


_FARTHEST_AHEAD = 86_400.0  # seconds
clock = FunctionClock()
"""Of all functions: a process holds one local AWS."""


class FunctionProcess:
    """One warm process of one function; ministack's pool leases it to one invocation at a time.

    The underscored attributes are those that the pool (ministack's core.lambda_runtime) uses.
    """

    def __init__(self, func_name: str, config: dict[str, Any], code_zip: bytes) -> None:
        self.func_name = func_name
        self.config = config
        self.code_zip = code_zip
        self.in_use = False
        self.last_used = time.time()
        self._proc: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._making = threading.Lock()  # held while its files are made: they are not removed meanwhile
        self._cold = True
        self._folder: Path | None = None
        self._requests: Any = None
        self._answers: queue.Queue[str | None] = queue.Queue()
        self._logs: queue.Queue[str] = queue.Queue()

    def invoke(self, event: object, request_id: str, trace_id: str | None = None) -> tuple[object, str]:
        """Run one invocation; its result and its log. Raises FunctionFailedError."""
        timeout = float(self.config.get("Timeout", 3))
        with self._lock:
            if self._proc is None or self._proc.poll() is not None:
                self._spawn()
                self._cold = False
            self._requests.write(
                json.dumps(
                    {
                        "event": event,
                        "request_id": request_id,
                        "arn": self.config["FunctionArn"],
                        "timeout": timeout,
                        "trace_id": trace_id,
                        "clock_ahead": clock.ahead,
                    }
                )
                + "\n"
            )
            self._requests.flush()
            answer = self._answer(timeout)
            if answer is None:
                self._stop()
                log = self._take_log()
                message = f"{request_id} Task timed out after {timeout:.2f} seconds"
                raise FunctionFailedError(_report("Sandbox.Timedout", message), f"{log}{message}\n")
            log = self._take_log()
            if "error" in answer:
                raise FunctionFailedError(answer["error"], log)
            if "exited" in answer:
                self._stop()
                message = f"RequestId: {request_id} Error: Runtime exited without providing a reason"
                raise FunctionFailedError(_report("Runtime.ExitError", message), log)
            return answer["result"], log

    def kill(self) -> None:
        """End the process and remove its files."""
        with self._making:
            self._stop()
            self._discard_tmpdir()

    def _spawn(self) -> None:
        with self._making:
            ours_in, ours_out, process = self._start()
            self._proc = process
        self._requests = os.fdopen(ours_out, "w", encoding="utf-8")
        self._answers, self._logs = queue.Queue(), queue.Queue()
        answers = os.fdopen(ours_in, "r", encoding="utf-8")
        for target, arguments in (
            (_read_answers, (answers, self._answers)),
            (_read_log, (process.stdout, self._logs)),
        ):
            threading.Thread(
                target=target, args=arguments, daemon=True, name=f"lambda-{self.func_name}"
            ).start()
        started = self._answer(INIT_TIMEOUT)
        if started is None or "ready" not in started:
            self._stop()
            log = self._take_log()
            error = (started or {}).get("init_error")
            if error is None:
                raise FunctionFailedError(_report("Runtime.ExitError", "Runtime exited during init"), log)
            if error["errorType"] in ("ModuleNotFoundError", "ImportError"):
                error = {**error, "errorType": "Runtime.ImportModuleError"}
            raise FunctionFailedError(error, log)
        self._take_log()

    def _start(self) -> tuple[int, int, subprocess.Popen[bytes]]:
        self._discard_tmpdir()
        self._folder = Path(tempfile.mkdtemp(prefix=f"lambda-{self.func_name}-"))
        code = self._folder / "task"
        _unzip(self.code_zip, self._folder / "task.zip", code)
        paths = [str(code), *self._layers(self._folder), str(runtime_directory())]
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()
        execution_credentials = hooks.private("core.lambda_runtime.execution_credentials")
        process = subprocess.Popen(  # noqa: S603 - the function's own code is what we are asked to run
            [sys.executable, "-I", "-S", str(BOOTSTRAP), json.dumps(paths), str(theirs_in), str(theirs_out)],
            cwd=code,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(theirs_in, theirs_out),
            env=environment(
                self.config,
                code,
                execution_credentials(self.config),
                f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}",
            ),
        )
        os.close(theirs_in)
        os.close(theirs_out)
        return ours_in, ours_out, process

    def _layers(self, base: Path) -> list[str]:
        paths = []
        for number, layer in enumerate(self.config.get("Layers") or []):
            content = hooks.private("services.lambda_svc._resolve_layer_zip")(layer)
            if content is None:
                raise FunctionFailedError(_report("Runtime.LayerError", f"layer {layer} has no content"))
            folder = base / f"layer-{number}"
            _unzip(content, base / f"layer-{number}.zip", folder)
            paths.append(str(folder / "python"))
        return paths

    def _answer(self, timeout: float) -> dict[str, Any] | None:
        try:
            line = self._answers.get(timeout=timeout)
        except queue.Empty:
            return None
        return {"exited": True} if line is None else json.loads(line)

    def _take_log(self) -> str:
        try:
            return self._logs.get(timeout=_LOG_GRACE)
        except queue.Empty:
            return ""

    def _stop(self) -> None:
        process, self._proc = self._proc, None
        if self._requests is not None:
            with contextlib.suppress(OSError):  # the process may have gone with a half-written line
                self._requests.close()
            self._requests = None
        if process is not None:
            process.kill()
            process.wait()

    def _discard_tmpdir(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def _report(error_type: str, message: str) -> dict[str, Any]:
    return {"errorType": error_type, "errorMessage": message}


def _unzip(content: bytes, archive: Path, folder: Path) -> None:
    archive.write_bytes(content)
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    archive.unlink()


def _read_answers(stream: Any, answers: queue.Queue[str | None]) -> None:
    with stream:
        for line in stream:
            answers.put(line)
    answers.put(None)


def _read_log(stream: Any, logs: queue.Queue[str]) -> None:
    lines: list[str] = []
    with stream:
        for raw in stream:
            line = raw.decode("utf-8", errors="replace")
            if line.endswith(MARK + "\n"):
                logs.put("".join(lines) + line[: -len(MARK) - 1])
                lines = []
            else:
                lines.append(line)
    logs.put("".join(lines))
