"""The functions' part of AWS's service models has all that their adapters call, and says of it what the whole says."""

import ast
import io
import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.loaders import Loader
from botocore.model import OperationNotFoundError, ServiceModel, Shape, StructureShape
from urllib3 import HTTPHeaderDict

from infra.constructs.asset import ROOT, install_locked, modules_of
from infra.constructs.models import OPERATIONS, models
from lambdas.adapters import aws
from lambdas.adapters.aws import OLDEST, loader_of

FUNCTIONS = ["announce", "dashboard", "reconcile", "retrain", "sweep"]
EVERY = [(service, name) for service, names in OPERATIONS.items() for name in names]
WHOLE = Loader()


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> Loader:
    """botocore's loader as a function has it."""
    folder = tmp_path_factory.mktemp("models")
    write_models(folder)
    return loader_of(folder)


def write_models(folder: Path) -> None:
    """As an asset has them."""
    for name, text in models().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def session(loader: Loader) -> Any:
    """One that reads its models by this loader."""
    made = botocore.session.get_session()
    made.register_component("data_loader", loader)
    return made


def service_model(loader: Loader, service: str) -> ServiceModel:
    return ServiceModel(loader.load_service_model(service, "service-2"), service)


def words_of_adapters() -> set[str]:
    """Every attribute and text in the adapters of all functions; what is put together of parts, as a pattern."""
    files = {path for function in FUNCTIONS for path in modules_of(f"lambdas.{function}.handler")}
    return {
        word
        for path in files
        if path.parts[1] == "adapters"
        for node in ast.walk(ast.parse((ROOT / path).read_text()))
        for word in _words(node)
    }


def _words(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Attribute):
        yield re.escape(node.attr)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield re.escape(node.value)
    elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
        parts = (re.escape(str(v.value)) if isinstance(v, ast.Constant) else r"\w+" for v in node.values)
        yield "".join(parts)


def test_the_operations_are_those_that_the_adapters_call() -> None:
    """A name that several services have is looked for in any of them: code does not say whose client it is."""
    pattern = re.compile("|".join(f"(?:{word})" for word in sorted(words_of_adapters())))
    called = {
        xform_name(name)
        for service in OPERATIONS
        for name in WHOLE.load_service_model(service, "service-2")["operations"]
        if pattern.fullmatch(xform_name(name))
    }
    assert {xform_name(name) for _, name in EVERY} == called


@pytest.mark.parametrize(("service", "operation"), EVERY)
def test_an_operation_takes_and_gives_what_it_does_in_the_whole_model(
    part: Loader, service: str, operation: str
) -> None:
    ours = service_model(part, service).operation_model(operation)
    theirs = service_model(WHOLE, service).operation_model(operation)
    assert ours.http == theirs.http
    assert (ours.auth_type, ours.endpoint, ours.context_parameters) == (
        theirs.auth_type,
        theirs.endpoint,
        theirs.context_parameters,
    )
    assert [error.name for error in ours.error_shapes] == [error.name for error in theirs.error_shapes]
    for mine, its in ((ours.input_shape, theirs.input_shape), (ours.output_shape, theirs.output_shape)):
        assert _described(mine) == _described(its)


def _described(shape: Shape | None, above: tuple[str, ...] = ()) -> Any:
    """All that validation, serialization and parsing go by, down to the last member; a shape may hold itself."""
    if shape is None or shape.name in above:
        return shape and shape.name
    deeper = (*above, shape.name)
    own = (shape.name, shape.type_name, shape.serialization, shape.metadata)
    if isinstance(shape, StructureShape):
        return own, [(name, _described(member, deeper)) for name, member in shape.members.items()]
    parts = [getattr(shape, name, None) for name in ("member", "key", "value")]
    return own, [_described(one, deeper) for one in parts if isinstance(one, Shape)]


@pytest.mark.parametrize(("service", "operation"), EVERY)
def test_a_call_becomes_the_same_request_as_by_the_whole_model(
    part: Loader, service: str, operation: str
) -> None:
    assert request_of(part, service, operation) == request_of(WHOLE, service, operation)


def test_the_oldest_botocore_that_may_read_the_part_makes_the_same_calls_of_it(tmp_path: Path) -> None:
    """Lambda brings its own; what is older reads its own models."""
    older, folder = tmp_path / "older", tmp_path / "models"
    install_locked(Path(__file__).with_name("oldest-botocore.txt"), older, "--no-deps")
    script = f"""
import sys; sys.path[:0] = {[str(older), str(ROOT)]!r}
from pathlib import Path
import botocore
from tests.infra.test_models import EVERY, essence, loader_of
assert botocore.__version__ == {".".join(map(str, OLDEST))!r}, botocore.__version__
part = loader_of(Path({str(folder)!r}))
for service, operation in EVERY:
    print(essence(part, service, operation))
"""
    write_models(folder)
    # Which address of STS is asked without this is a default that has changed since, no matter of the models.
    environment = os.environ | {"AWS_STS_REGIONAL_ENDPOINTS": "regional"}
    told = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    part = loader_of(folder)
    assert told.stdout.splitlines() == [essence(part, service, operation) for service, operation in EVERY]


@pytest.mark.parametrize(
    ("version", "reads"),
    [("1.36.26", False), ("1.37.0", True), ("1.37.0rc1", False), ("1.43.106", True), ("2.0.0", True)],
)
def test_a_botocore_that_is_too_old_for_the_part_has_its_own_models(
    version: str, reads: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_models(tmp_path)
    monkeypatch.setattr(aws, "MODELS", tmp_path)
    monkeypatch.setattr(botocore, "__version__", version)
    loader = aws.Aws()._session.get_component("data_loader")
    assert ("ec2" in loader.list_available_services("service-2")) is not reads


@pytest.mark.parametrize("fault", ["gone", "broken", "without what it needs"])
def test_where_the_part_does_not_do_botocores_own_models_are_read(
    fault: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_models(tmp_path)
    (model,) = (tmp_path / "ssm").rglob("service-2.json")
    if fault == "gone":
        model.unlink()
    else:
        model.write_text("{" if fault == "broken" else '{"operations": {}, "shapes": {}}')
    monkeypatch.setattr(aws, "MODELS", tmp_path)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    clients = aws.Aws()
    assert clients.sqs.meta.service_model.service_name == "sqs"
    assert not caplog.records
    assert "GetParameterHistory" in clients.ssm.meta.service_model.operation_names
    assert "botocore's own are read" in caplog.text
    assert clients.dynamodb.meta.service_model.service_name == "dynamodb"


def essence(loader: Loader, service: str, operation: str) -> str:
    """What of a request does not depend on botocore's version, in one line."""
    request = request_of(loader, service, operation)
    headers = {name: str(request["headers"].get(name)) for name in ("Content-Type", "X-Amz-Target")}
    return repr((request["to"], headers, request["body"]))


def request_of(loader: Loader, service: str, operation: str) -> dict[str, Any]:
    """The least that this operation can be asked, as it leaves by the models of this loader."""
    asked = service_model(loader, service).operation_model(operation)
    made_up = dict.fromkeys(asked.idempotent_members, "a" * 32)  # by botocore, anew for each call
    return _sent(session(loader), service, operation, _least(asked.input_shape) | made_up)


def _least(shape: Shape | None) -> Any:
    """The least that validates: required members only."""
    if shape is None:
        return {}
    if isinstance(shape, StructureShape):
        return {name: _least(shape.members[name]) for name in shape.required_members}
    if shape.type_name == "list":
        return [_least(shape.member)]  # type: ignore[attr-defined] # a list's
    if shape.type_name == "string":
        return next(iter(shape.metadata.get("enum", ())), "a" * max(20, shape.metadata.get("min", 0)))
    least = {"integer": 1, "long": 1, "float": 1.0, "double": 1.0, "boolean": True, "map": {}, "blob": b"x"}
    return (least | {"timestamp": 1_700_000_000})[shape.type_name]


class _Sent(Exception):
    """Carries the request that would have been sent."""


def _sent(
    made: Any,
    service: str,
    operation: str,
    arguments: dict[str, Any],
    *,
    region: str = "eu-west-1",
    fips: bool = False,
) -> dict[str, Any]:
    """The request as it leaves, but for what differs from call to call."""
    client = _client(made, service, region, Config(use_fips_endpoint=fips))

    def stop(request: Any, **_: Any) -> None:
        own = ("authorization", "amz-sdk-invocation-id", "x-amz-date", "amz-sdk-request", "user-agent")
        headers = {name: value for name, value in request.headers.items() if name.lower() not in own}
        raise _Sent({"to": (request.method, request.url), "headers": headers, "body": request.body})

    client.meta.events.register("before-send", stop)
    with pytest.raises(_Sent) as caught:
        getattr(client, xform_name(operation))(**arguments)
    (request,) = caught.value.args
    return dict(request)


@pytest.mark.parametrize("service", OPERATIONS)
def test_a_client_speaks_to_the_same_address_in_every_partition_with_and_without_fips(
    part: Loader, service: str
) -> None:
    ours, theirs, operation = session(part), session(WHOLE), OPERATIONS[service][0]
    arguments = _least(service_model(part, service).operation_model(operation).input_shape)
    for partition, choices in (("aws", (False, True)), ("aws-us-gov", (False, True)), ("aws-cn", (False,))):
        regions = theirs.get_available_regions(service, partition)
        for region, fips in itertools.product({*regions[:2], *regions[-1:]}, choices):  # China has no FIPS
            mine, its = (
                _sent(one, service, operation, arguments, region=region, fips=fips)["to"]
                for one in (ours, theirs)
            )
            assert mine == its


def test_a_bucket_in_another_region_is_found_where_it_is(part: Loader) -> None:
    """S3 says in which; what asks for it there is botocore's, by its own endpoints."""
    client = _client(session(part), "s3", "eu-west-1", Config())
    asked: list[str] = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        asked.append(request.url)
        if len(asked) > 1:
            raise _Sent
        said: Any = HTTPHeaderDict({"x-amz-bucket-region": "us-west-2"})
        body = b"<Error><Code>PermanentRedirect</Code><Message>elsewhere</Message></Error>"
        return AWSResponse(request.url, 301, said, _Raw(body))

    client.meta.events.register("before-send", answer)
    with pytest.raises(_Sent):
        client.get_object(Bucket="acme-models", Key="report.json")
    assert [url.split("/")[2] for url in asked] == [
        "acme-models.s3.eu-west-1.amazonaws.com",
        "acme-models.s3.us-west-2.amazonaws.com",
    ]


class _Raw(io.BytesIO):
    """An answer's body, as urllib3 gives it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.getvalue()


def test_what_is_no_services_and_is_not_in_the_part_is_botocores_own(part: Loader) -> None:
    """A newer botocore may ask for a file more."""
    assert part.load_data_with_path("endpoints")[1].startswith(str(part.search_paths[0]))
    assert part.load_data_with_path("sdk-default-configuration")[0]
    lean = loader_of(Path("/nowhere"))
    assert lean.load_data("partitions") == WHOLE.load_data("partitions")
    with pytest.raises(DataNotFoundError):
        lean.load_data("nothing-of-that-name")


@pytest.mark.parametrize("service", OPERATIONS)
def test_a_client_pages_and_signs_as_one_of_the_whole_model(part: Loader, service: str) -> None:
    ours, theirs = (_client(session(one), service, "eu-west-1", Config()) for one in (part, WHOLE))
    for operation in OPERATIONS[service]:
        name = xform_name(operation)
        assert ours.can_paginate(name) == theirs.can_paginate(name)
        if ours.can_paginate(name):
            mine, its = ours.get_paginator(name), theirs.get_paginator(name)
            assert mine._pagination_cfg == its._pagination_cfg
    assert ours.meta.service_model.metadata == theirs.meta.service_model.metadata
    assert ours.meta.config.retries == theirs.meta.config.retries
    assert ours._request_signer.signing_name == theirs._request_signer.signing_name


def _client(made: Any, service: str, region: str, config: Config) -> Any:
    return made.create_client(
        service, region_name=region, config=config, aws_access_key_id="a", aws_secret_access_key="b"
    )


def test_all_that_deploys_has_the_botocore_that_was_tested() -> None:
    """Models are cut from the one that is installed."""
    pins = {
        re.findall(r"^botocore==(\S+)", (ROOT / lock).read_text(), re.MULTILINE)[0]
        for lock in ("requirements.txt", "requirements-dev.txt")
    }
    assert pins == {botocore.__version__}


def test_what_is_left_out_is_not_known(part: Loader) -> None:
    """So that a call that is not listed fails at once, wherever it is tried."""
    with pytest.raises(OperationNotFoundError):
        service_model(part, "sagemaker").operation_model("CreateTrainingJob")
    with pytest.raises(UnknownServiceError):
        part.load_service_model("ec2", "service-2")


def test_a_part_has_no_documentation_but_what_botocore_asks_for_and_is_small() -> None:
    """botocore reads all of it at each start."""
    files = models()
    contents = [json.loads(text) for text in files.values()]
    for content in contents:
        content.pop("clientContextParams", None)
    assert '"documentation": "' not in json.dumps(contents)
    whole = Path(botocore.session.__file__).parent / "data" / "sagemaker" / "2017-07-24" / "service-2.json.gz"
    assert len(files["sagemaker/2017-07-24/service-2.json"]) < whole.stat().st_size / 2
