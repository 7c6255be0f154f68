"""Requests held against the real service model (botocore's), refused in AWS's wording."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, StructureShape
from botocore.validate import ParamValidator

from local.sagemaker.documented import objections
from local.sagemaker.errors import invalid, malformed
from local.sagemaker.patterns import compiled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from botocore.model import OperationModel, Shape

_SIZED = {"string", "list", "map", "blob"}
_PYTHON: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "list": list,
    "map": dict,
    "structure": dict,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "boolean": bool,
}


@cache
def service_model() -> ServiceModel:
    """SageMaker's API as botocore ships it."""
    return ServiceModel(Loader().load_service_model("sagemaker", "service-2"), "sagemaker")


@cache
def operation_model(operation: str) -> OperationModel:
    """One operation's shapes. OperationNotFoundError (botocore's) if the API has none of that name."""
    return service_model().operation_model(operation)


@cache
def members(shape: str) -> frozenset[str]:
    """The names of a structure's members."""
    return _members(service_model().shape_for(shape))


@cache
def output_members(operation: str) -> frozenset[str]:
    """The names of the members of an operation's answer."""
    return _members(operation_model(operation).output_shape)


def without_nulls(value: Any) -> Any:
    """A request as AWS takes it: a member that is null is not there."""
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value if item is not None]
    return value


def check_types(operation: str, request: Mapping[str, Any]) -> None:
    """Refuse values of another JSON type than the API's (SerializationException): all else can then be read."""
    shape = operation_model(operation).input_shape
    for path, found, wanted in _misfits(shape, request, "") if shape else ():
        raise malformed(f"Type mismatch at '{path}': {found} cannot be converted to {wanted}")


_FINE: set[int] = set()
"""Requests that were found fine: a control loop sends the same ones again and again."""
_MOST_KNOWN = 20_000


def check(operation: str, request: Mapping[str, Any]) -> None:
    """Refuse a request that the API's shapes do not allow.

    Raises:
        SageMakerError: ValidationException naming each value, where it is and the constraint it fails, as AWS
            does; SerializationException for a value of another JSON type.
    """
    shape = operation_model(operation).input_shape
    known = hash((operation, repr(request)))
    if shape is None or known in _FINE:
        return
    found = list(_problems(shape, request, ""))
    if found:
        plural = "error" if len(found) == 1 else "errors"
        raise invalid(f"{len(found)} validation {plural} detected: " + "; ".join(found))
    report = ParamValidator().validate(dict(request), shape)
    if report.has_errors():
        raise malformed(report.generate_report())
    if refused := objections(operation_model(operation), request):
        raise invalid("; ".join(refused))
    if len(_FINE) < _MOST_KNOWN:
        _FINE.add(known)


def _fits(shape: Shape, value: Any) -> bool:
    return isinstance(value, _PYTHON.get(shape.type_name, object))


def _misfits(shape: Shape, value: Any, path: str) -> Iterator[tuple[str, str, str]]:
    """Where a value has another type, the type found and the one wanted; members that no shape has are left out."""
    if not _fits(shape, value):
        yield path, type(value).__name__, shape.type_name
    elif isinstance(shape, StructureShape):
        for name in shape.members.keys() & value.keys():
            yield from _misfits(shape.members[name], value[name], _join(path, name))
    elif isinstance(shape, ListShape):
        for number, item in enumerate(value, start=1):
            yield from _misfits(shape.member, item, f"{path}.{number}.member")
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield from _misfits(shape.value, item, f"{path}.{key}")


def _members(shape: Shape | None) -> frozenset[str]:
    return frozenset(shape.members) if isinstance(shape, StructureShape) else frozenset()


def _problems(shape: Shape, value: Any, path: str) -> Iterator[str]:
    """What is wrong with a value, constraint by constraint; a value of the wrong type is left to botocore."""
    if not _fits(shape, value):
        return
    yield from _own_problems(shape, value, path)
    if isinstance(shape, StructureShape):
        yield from _missing(shape, value, path)
        for name, member in shape.members.items():
            if value.get(name) is not None:
                yield from _problems(member, value[name], _join(path, name))
    elif isinstance(shape, ListShape):
        for number, item in enumerate(value, start=1):
            yield from _problems(shape.member, item, f"{path}.{number}.member")
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield from _problems(shape.key, key, f"{path}.key")
            yield from _problems(shape.value, item, f"{path}.{key}.member")


def _join(path: str, name: str) -> str:
    """AWS writes members in lower camel case here."""
    name = name[0].lower() + name[1:]
    return f"{path}.{name}" if path else name


def _missing(shape: StructureShape, value: Mapping[str, Any], path: str) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield f"Value null at '{_join(path, name)}' failed to satisfy constraint: Member must not be null"


def _own_problems(shape: Shape, value: Any, path: str) -> Iterator[str]:
    shown = "'" + (str(value) if not isinstance(value, (list, dict)) else repr(value)) + "'"
    for constraint in _broken(shape, value):
        yield f"Value {shown} at '{path}' failed to satisfy constraint: Member must {constraint}"


def _broken(shape: Shape, value: Any) -> Iterator[str]:
    rules = shape.metadata
    least, most = rules.get("min"), rules.get("max")
    if shape.type_name in _SIZED:
        if most is not None and len(value) > most:
            yield f"have length less than or equal to {most}"
        if least is not None and len(value) < least:
            yield f"have length greater than or equal to {least}"
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        if most is not None and value > most:
            yield f"have value less than or equal to {most}"
        if least is not None and value < least:
            yield f"have value greater than or equal to {least}"
    if shape.type_name != "string":
        return
    if (pattern := rules.get("pattern")) and not compiled(pattern).fullmatch(value):
        yield f"satisfy regular expression pattern: {pattern}"
    if (allowed := rules.get("enum")) and value not in allowed:
        yield f"satisfy enum value set: [{', '.join(allowed)}]"
