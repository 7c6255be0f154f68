"""Cold starts: each function's asset as it is synthesized, until it is ready, against boto3 with two clients."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.program import printed
from bench.row import Row, median_row
from bench.synthesis import synthesized
from lambdas.core.settings import HANDLER

ROUNDS = 25
MOST = 0.6  # of the time that boto3 takes
_RUNTIME = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")
_BOTO3 = "import boto3; boto3.client('sagemaker'); boto3.client('dynamodb')"
_READY = "import lambdas.entry"
_TOLD = """
import re, time
ended, processor = time.monotonic(), time.process_time()
try:
    peak = re.search("VmHWM:\\s*(\\d+) kB", open("/proc/self/status").read())[1]
except OSError:  # not Linux; there, what this process was made from counts, too
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(ended, processor, peak)
"""


@dataclass(frozen=True)
class Function:
    """A function of the template: its name, the folder of its asset, and its environment."""

    name: str
    asset: Path
    variables: dict[str, str]


@dataclass(frozen=True)
class Start:
    """One: seconds by the clock and of the processor, and the most memory, in MB."""

    seconds: float
    processor: float
    memory: float


def rows() -> list[Row]:
    """Time as a part of boto3's, all of them started in turns; memory beside it."""
    with tempfile.TemporaryDirectory() as folder:
        runtime = _runtime(Path(folder))
        functions = functions_of(synthesized(Path(folder) / "out", groups=1).folder)
        measured: dict[str, list[Start]] = {name: [] for name in ("boto3", *(f.name for f in functions))}
        for _ in range(ROUNDS):
            measured["boto3"].append(_start(_BOTO3, [runtime], {}))
            for function in functions:
                measured[function.name].append(_start(_READY, [function.asset, runtime], function.variables))
    base = measured.pop("boto3")
    how = (
        "process start → ready (imports, settings, the clients of SageMaker and DynamoDB), a part of a process with"
        " boto3 and two clients"
    )
    found = [
        median_row(
            "start: boto3 alone",
            [one.seconds * 1000 for one in base],
            "ms",
            "process start → two clients made",
        )
    ]
    for name, starts in measured.items():
        pairs = list(zip(starts, base, strict=True))
        most = MOST if name == "reconcile" else None
        found += [
            median_row(f"start: {name}", [a.seconds / b.seconds for a, b in pairs], "times", how, most=most),
            median_row(
                f"start: {name}, processor",
                [a.processor / b.processor for a, b in pairs],
                "times",
                "the same",
            ),
            median_row(f"start: {name}, memory", [one.memory for one in starts], "MB", "the peak when ready"),
        ]
    return found


def functions_of(folder: Path) -> list[Function]:
    """The functions of a synthesized app.

    Args:
        folder: of the templates and assets.
    """
    found = []
    for template in sorted(folder.glob("*.template.json")):
        for resource in json.loads(template.read_text())["Resources"].values():
            if resource["Type"] == "AWS::Lambda::Function":
                properties = resource["Properties"]
                variables = properties["Environment"]["Variables"]
                # References to resources are not resolved here, and any word will do.
                told = {key: value if isinstance(value, str) else "x" for key, value in variables.items()}
                digest = properties["Code"]["S3Key"].removesuffix(".zip")
                found.append(Function(told[HANDLER].split(".")[1], folder / f"asset.{digest}", told))
    return sorted(found, key=lambda function: function.name)


def _runtime(folder: Path) -> Path:
    """What Lambda's Python brings, and nothing else: packages as they are, modules with their bytecode."""
    runtime = folder / "runtime"
    runtime.mkdir()
    for name in _RUNTIME:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise RuntimeError(f"the package {name} is not installed; run `make install`")
        origin = Path(spec.origin)
        if origin.name == "__init__.py":
            (runtime / name).symlink_to(origin.parent)
        else:
            shutil.copyfile(origin, runtime / origin.name)
    subprocess.run([sys.executable, "-m", "compileall", "-q", "-l", str(runtime)], check=True)  # noqa: S603 - our own
    return runtime


def _start(script: str, path: list[Path], variables: dict[str, str]) -> Start:
    text = f"import sys; sys.path[:0] = {[str(one) for one in path]!r}\n{script}\n{_TOLD}"
    environment = {
        **{key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ},
        **variables,
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
    }
    began = time.monotonic()
    told = printed(
        [sys.executable, "-I", "-S", "-B", "-c", text], environment, "a function does not get ready"
    )
    ended, processor, memory = (float(word) for word in told.split()[-3:])
    return Start(ended - began, processor, memory / 1024)
