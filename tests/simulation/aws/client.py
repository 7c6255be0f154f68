"""A client as boto3 makes it, whose calls are answered in memory; botocore's own models validate each request."""

import functools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.paginate import Paginator, PaginatorModel
from botocore.validate import ParamValidator

from local.sagemaker.documented import objections

Answer = dict[str, Any]
Handler = Callable[[str, dict[str, Any]], Answer]
"""An operation and its request to its answer; times in the answer may be epoch seconds."""


@functools.cache
def model_of(service: str) -> ServiceModel:
    """A service's model in the installed botocore."""
    return botocore.session.get_session().get_service_model(service)


@functools.cache
def _paginators(service: str) -> PaginatorModel:
    loader = botocore.session.get_session().get_component("data_loader")
    return PaginatorModel(loader.load_service_model(service, "paginators-1"))


@functools.cache
def _operations(service: str) -> dict[str, OperationModel]:
    model = model_of(service)
    return {xform_name(name): model.operation_model(name) for name in model.operation_names}


class Client:
    """A boto3-shaped client.

    Args:
        service: botocore's name of it.
        answer: performs a validated call; it is where faults strike.
        validates: whether requests are validated at all; not where that is proven elsewhere and time counts.
    """

    def __init__(self, service: str, answer: Handler, *, validates: bool = True) -> None:
        self._service, self._answer, self._validates = service, answer, validates
        self.meta = SimpleNamespace(service_model=model_of(service))

    def __getattr__(self, name: str) -> Callable[..., Answer]:
        operation = _operations(self._service).get(name)
        if operation is None:
            raise AttributeError(name)

        def call(**request: Any) -> Answer:
            return self._call(operation, request)

        self.__dict__[name] = call
        return call

    def get_paginator(self, name: str) -> Any:
        """As boto3's."""
        operation = _operations(self._service)[name]
        config = _paginators(self._service).get_paginator(operation.name)
        return Paginator(getattr(self, name), config, operation)

    def _call(self, operation: OperationModel, request: dict[str, Any]) -> Answer:
        if self._validates and self._service != "sagemaker":  # which checks its requests itself
            _check(operation, request)
        answer = self._answer(operation.name, request)
        shape = operation.output_shape
        if shape is None:
            return {}
        if not _has_times(self._service, shape.name):
            unknown = answer.keys() - shape.members.keys()
            assert not unknown, f"{operation.name} does not answer {unknown}"
            return dict(answer)
        return dict(_timed(shape, answer))


_VALIDATOR = ParamValidator()
_FINE: set[int] = (
    set()
)  # requests that were found fine: looks ask the same of tables and queues, over and over
_MOST_KNOWN = 100_000


def _check(operation: OperationModel, request: dict[str, Any]) -> None:
    known = hash((operation.name, repr(request)))
    if operation.input_shape is None or known in _FINE:
        return
    report = _VALIDATOR.validate(request, operation.input_shape)
    assert not report.has_errors(), f"{operation.name}: {report.generate_report()}"
    assert not (against := objections(operation, request)), f"{operation.name}: {against}"
    if len(_FINE) < _MOST_KNOWN:
        _FINE.add(known)


@functools.cache
def _has_times(service: str, shape: str) -> bool:
    """Whether a time is anywhere in a shape."""
    found, seen = [model_of(service).shape_for(shape)], set[str]()
    while found:
        one = found.pop()
        if one.type_name == "timestamp":
            return True
        if one.name in seen:
            continue
        seen.add(one.name)
        if isinstance(one, StructureShape):
            found += one.members.values()
        elif isinstance(one, ListShape):
            found.append(one.member)
        elif isinstance(one, MapShape):
            found.append(one.value)
    return False


def _timed(shape: Shape | None, value: Any) -> Any:
    """An answer with times as boto3 gives them; a member that the shape does not have is an error of ours."""
    if shape is None or value is None:
        return value
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return {name: _timed(shape.members[name], one) for name, one in value.items()}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_timed(shape.member, one) for one in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: _timed(shape.value, one) for key, one in value.items()}
    if shape.type_name == "timestamp" and isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    return value


def pages(items: list[Any], size: int, token: str | None) -> Iterator[Any]:
    """The page that a token names, and the token of the next."""
    start = int(token or 0)
    yield items[start : start + size]
    yield str(start + size) if start + size < len(items) else None
