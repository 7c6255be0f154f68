"""How one local AWS is set up: where it listens, as which account, on which clock, and where it keeps files."""

from __future__ import annotations

import os
import re
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ACCOUNT = "123456789012"
REGION = "us-east-1"
SECRET_KEY = "test"  # noqa: S105 - the root key of a local AWS that guards nothing
DEFAULT_TIME_SCALE = 60.0
_CALLABLE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


@dataclass(frozen=True)
class ServerSettings:
    """One local AWS.

    `port` is a TCP port on 127.0.0.1; `time_scale` is AWS seconds per wall second (60: an AWS minute takes a
    second); `state_dir` holds everything the server writes, and goes with it. `pipelines` says by name which Python
    callables SageMaker's pipelines are (package.module:callable).
    """

    port: int
    state_dir: Path
    time_scale: float = DEFAULT_TIME_SCALE
    account: str = ACCOUNT
    region: str = REGION
    pipelines: Mapping[str, str] = field(default_factory=dict)

    @property
    def endpoint(self) -> str:
        """The URL of every service. The IP, not a name, so that S3 clients use path-style addresses."""
        return f"http://127.0.0.1:{self.port}"


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nothing listens on."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def from_environment(environment: Mapping[str, str], state_dir: Path) -> ServerSettings:
    """Settings from LOCAL_AWS_PORT (default: a free port), LOCAL_TIME_SCALE (default: 60) and LOCAL_PIPELINES.

    Raises ValueError, naming the variable, for a value that is not a positive number, or not pipelines' callables.
    """
    return ServerSettings(
        port=int(_positive(environment, "LOCAL_AWS_PORT", 0) or free_port()),
        state_dir=state_dir,
        time_scale=_positive(environment, "LOCAL_TIME_SCALE", DEFAULT_TIME_SCALE),
        pipelines=_pipelines(environment.get("LOCAL_PIPELINES", "")),
    )


def _pipelines(text: str) -> dict[str, str]:
    pairs = [one.partition("=") for one in text.split(",") if one]
    try:
        return callables({name.strip(): value.strip() for name, _, value in pairs})
    except ValueError as error:
        raise ValueError(f"LOCAL_PIPELINES={text!r}: {error}") from error


def callables(named: Mapping[str, object]) -> dict[str, str]:
    """What each pipeline is, checked. Raises ValueError for what is not package.module:callable."""
    for name, value in named.items():
        if not _CALLABLE.fullmatch(str(value)):
            raise ValueError(
                f"pipeline {name!r} is {value!r}; it must be a callable, package.module:callable"
            )
    return {name: str(value) for name, value in named.items()}


def _positive(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name, "")
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = 0
    if value <= 0:
        raise ValueError(f"{name}={text!r} is not a positive number; unset it or give one")
    return value


def prepare_process(settings: ServerSettings) -> None:
    """Set the process environment that ministack reads at import, and clear what it must not inherit.

    Must run before the first import of ministack: it reads most of this once.
    """
    for name in [n for n in os.environ if n.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(
        {
            "GATEWAY_PORT": str(settings.port),
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_ACCOUNT_ID": settings.account,
            "MINISTACK_REGION": settings.region,
            "AUTH": "true",
            "AWS_ACCESS_KEY_ID": settings.account,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "LAMBDA_EXECUTOR": "local",
            "LAMBDA_ASYNC_RETRY_BASE_SECONDS": str(60 / settings.time_scale),
            "LAMBDA_ASYNC_RETRY_MAX_SECONDS": str(120 / settings.time_scale),
            "LOG_LEVEL": "WARNING",
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "TMPDIR": str(settings.state_dir),
            "STATE_DIR": str(settings.state_dir / "state"),
            "S3_DATA_DIR": str(settings.state_dir / "s3"),
        }
    )


def client_environment(endpoint: str, account: str = ACCOUNT, region: str = REGION) -> dict[str, str]:
    """The variables that point any AWS client at the local AWS as the account's root user."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "CDK_DEFAULT_ACCOUNT": account,
        "CDK_DEFAULT_REGION": region,
    }
