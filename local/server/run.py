"""Runs the local AWS in this process until it is told to stop: signals, or the end of the process that wants it."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from local.server.settings import client_environment, from_environment, prepare_process

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.server.settings import ServerSettings

logger = logging.getLogger(__name__)


def run(
    *, log_file: Path | None, on_ready: Callable[[ServerSettings], None], with_parent: bool = False
) -> int:
    """Serve until SIGINT or SIGTERM; the exit status.

    `log_file` (default: in the temporary state folder) takes what the server says; on a failure its end is shown
    on standard error. `on_ready` is called, in a thread, once the server answers. `with_parent` logs to standard
    error instead, and also stops when standard input ends, that is, when the parent process has gone.
    """
    state_dir = Path(tempfile.mkdtemp(prefix="local-aws-"))
    log_path = log_file or state_dir / "server.log"
    try:
        settings = from_environment(os.environ, state_dir)
        prepare_process(settings)
        tempfile.tempdir = str(state_dir)
        logging.basicConfig(
            handlers=[logging.StreamHandler() if with_parent else logging.FileHandler(log_path)],
            level=logging.WARNING,
            format="%(asctime)s %(levelname)s [%(name)s] %(message)s",
        )
        asyncio.run(_serve(settings, on_ready, with_parent=with_parent))
    except Exception:
        logger.exception("the local AWS failed")
        tail = log_path.read_text(errors="replace")[-4000:] if log_path.exists() and not log_file else ""
        sys.stderr.write(f"{tail}The local AWS failed; see {log_file or 'its log above'}\n")
        return 1
    finally:
        shutil.rmtree(state_dir, ignore_errors=True)
    return 0


async def _serve(
    settings: ServerSettings, on_ready: Callable[[ServerSettings], None], *, with_parent: bool
) -> None:
    from hypercorn.asyncio import serve  # noqa: PLC0415 - after the log is set up
    from hypercorn.config import Config  # noqa: PLC0415 - as above

    from local.server.build import LocalServer  # noqa: PLC0415 - ministack reads the environment at import

    server = LocalServer(settings)
    config = Config()
    config.bind = [f"127.0.0.1:{settings.port}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 0.2
    config.loglevel = "WARNING"
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if with_parent:
        threading.Thread(target=_wait_for_end_of_input, args=(loop, stop), daemon=True).start()
    server.start()
    serving = asyncio.create_task(serve(server.app, config, shutdown_trigger=stop.wait))  # type: ignore[arg-type] # ASGI
    ready = asyncio.create_task(_when_ready(settings, on_ready))
    ready.add_done_callback(lambda task: None if task.cancelled() or not task.exception() else stop.set())
    try:
        await serving
        if ready.done():
            ready.result()  # what was to be done once it is up has failed: so has the run
    finally:
        ready.cancel()
        await asyncio.to_thread(server.stop)


async def _when_ready(settings: ServerSettings, on_ready: Callable[[ServerSettings], None]) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", settings.port)
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.close()
        await asyncio.to_thread(on_ready, settings)
        return


def _wait_for_end_of_input(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    while sys.stdin.buffer.read(1):
        pass
    loop.call_soon_threadsafe(stop.set)


def exports(settings: ServerSettings) -> str:
    """What to paste into a shell, to point any AWS client at the local AWS."""
    lines = [f"export {name}={value}" for name, value in client_environment(settings.endpoint).items()]
    return "\n".join([*lines, "unset AWS_CA_BUNDLE AWS_SESSION_TOKEN AWS_PROFILE"])
