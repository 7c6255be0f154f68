"""The control endpoint, the request log, the plain aws CLI, and the end of it all."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.aws import ROOT, LocalAws, LocalAwsError

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_each_call_is_logged_with_who_what_and_how_it_ended(aws: LocalAws) -> None:
    since = aws.last_request()
    aws.client("ssm", role="greenlight/small-approver", session_name="bob").exceptions  # noqa: B018 - the session is the call
    aws.client("dynamodb").describe_table(TableName="small")
    aws.client("s3").list_buckets()
    calls = [call for call in aws.requests(since) if "assumed-role/small-inspect" not in call["principal"]]
    root = "arn:aws:iam::123456789012:root"
    assert [(call["service"], call["operation"], call["principal"], call["status"]) for call in calls] == [
        ("sts", "AssumeRole", root, 200),
        ("dynamodb", "DescribeTable", root, 200),
        ("s3", "ListAllMyBuckets", root, 200),
    ]
    assert all(call["start"] <= call["end"] for call in calls)


def test_a_setting_that_does_not_exist_is_refused_with_those_that_do(aws: LocalAws) -> None:
    with pytest.raises(LocalAwsError, match=r"no setting 'time_scales'; there are: .*time_scale"):
        aws.control(time_scales=2)
    with pytest.raises(LocalAwsError, match="not positive"):
        aws.control(time_scale=0)
    with pytest.raises(LocalAwsError, match="not one of: resolved, literal"):
        aws.control(message_group_id="maybe")
    with pytest.raises(LocalAwsError, match="wall seconds from 0 to 86400"):
        aws.control(function_clock_ahead=-1)
    with pytest.raises(LocalAwsError, match="rate between 0 and 1"):
        aws.control(event_faults={"lost": 2})


def test_the_time_scale_changes_at_run_time(aws: LocalAws) -> None:
    assert aws.control(time_scale=240)["time_scale"] == 240
    assert aws.control(time_scale=120)["time_scale"] == 120


def test_the_plain_aws_cli_works(aws: LocalAws) -> None:
    command = [
        str(Path(sys.executable).with_name("aws")),
        "ssm",
        "get-parameter",
        "--name",
        "/greenlight/groups/small",
    ]
    done = subprocess.run(  # noqa: S603 - the CLI of the development environment
        command, env=aws.environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert '"Name": "/greenlight/groups/small"' in done.stdout


@pytest.fixture
def served(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """`python -m local`, as a user runs it."""
    environment = {**os.environ, "TMPDIR": str(tmp_path), "LOCAL_AWS_PORT": "", "AWS_PROFILE": "real"}
    process = subprocess.Popen(
        [sys.executable, "-m", "local"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_python_m_local_prints_exports_and_stops_cleanly_leaving_nothing(
    served: subprocess.Popen[str], number: signal.Signals, tmp_path: Path
) -> None:
    assert served.stdout is not None
    lines: list[str] = []
    while not lines or not lines[-1].startswith("unset"):
        lines.append(served.stdout.readline())
        assert lines[-1], lines
    exports = dict(re.findall(r"^export (\w+)=(.*)$", "".join(lines), re.MULTILINE))
    assert exports["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"} <= exports.keys()
    assert list(tmp_path.iterdir())
    served.send_signal(number)
    assert served.wait(10) == 0
    assert served.stdout.read() == ""
    assert list(tmp_path.iterdir()) == []


def test_the_server_goes_when_the_process_that_started_it_goes() -> None:
    script = """if True:
        import os
        from local.aws import LocalAws
        aws = LocalAws()
        aws.start()
        print(aws._process.pid, flush=True)
        os._exit(1)
    """
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    server = int(done.stdout)
    deadline = time.monotonic() + 60
    while Path(f"/proc/{server}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{server}").exists()


def test_a_port_that_is_taken_is_said_and_a_reset_empties_everything() -> None:
    with LocalAws() as own:
        with pytest.raises(LocalAwsError, match="ended with status"):
            LocalAws(port=own.port).start()
        own.client("ssm").put_parameter(Name="/there", Value="1", Type="String")
        own.client("sagemaker").create_model_package_group(ModelPackageGroupName="there")
        own.control(time_scale=7, switches={"iam_identity_present": False}, event_faults={"lost": 1.0})
        assert own.control(faults={"most_schedules": 3})["faults"]["most_schedules"] == 3
        own.reset()
        assert own.client("ssm").describe_parameters()["Parameters"] == []
        assert own.client("sagemaker").list_model_package_groups()["ModelPackageGroupSummaryList"] == []
        settings = own.control()
        assert settings["time_scale"] == 60
        assert settings["switches"]["iam_identity_present"] is True
        assert settings["event_faults"]["lost"] == 0
        assert settings["faults"]["most_schedules"] is None
