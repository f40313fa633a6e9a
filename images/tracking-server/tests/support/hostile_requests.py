"""Requests for every route that MLflow describes by a protobuf message, all of whose fields have hostile values."""

import copy
import itertools
import json
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.support.server import Server


@dataclass(frozen=True)
class Kind:
    """`text` for every field that takes a text, `number` for every integer."""

    name: str
    text: str
    number: int = 1


NUL = Kind("nul", "a\x00b")
SURROGATE = Kind("surrogate", "a\ud800b")
LONG = Kind("long", "x" * 20_000)
NUMBERS = Kind("numbers", "plain", 2**63 - 1)
KINDS = (NUL, SURROGATE, LONG, NUMBERS)


@cache
def messages() -> tuple[tuple[str, str, Any], ...]:
    """(method, path, message class), each route of the clients once."""
    from mlflow.server.handlers import get_service_endpoints
    from mlflow.protos.mlflow_artifacts_pb2 import MlflowArtifactsService
    from mlflow.protos.model_registry_pb2 import ModelRegistryService
    from mlflow.protos.service_pb2 import MlflowService
    from mlflow.protos.webhooks_pb2 import WebhookService

    found = []
    for service in (MlflowService, ModelRegistryService, MlflowArtifactsService, WebhookService):
        for path, message, methods in get_service_endpoints(service, lambda request: request):
            if path.startswith("/api/"):
                found += [(method, path, message) for method in methods]
    return tuple(found)


def body_of(descriptor: Any, kind: Kind, known: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    """Every field is there, and where `known` has a value for it, that one."""
    body: dict[str, Any] = {}
    for field in descriptor.fields:
        if field.containing_oneof is not None and field is not field.containing_oneof.fields[0]:
            continue
        if field.name in known:
            value = known[field.name]
        elif field.message_type is not None:
            value = _message(field.message_type, kind, known, depth)
            if value is None:
                continue
        elif field.enum_type is not None:
            value = field.enum_type.values[-1].name
        elif field.cpp_type in (field.CPPTYPE_FLOAT, field.CPPTYPE_DOUBLE):
            value = 1.5
        elif field.cpp_type == field.CPPTYPE_BOOL:
            value = True
        elif field.cpp_type == field.CPPTYPE_STRING:
            value = kind.text
        else:
            most = (
                2**31 - 1
                if field.cpp_type in (field.CPPTYPE_INT32, field.CPPTYPE_UINT32)
                else 2**63 - 1
            )
            value = min(kind.number, most)
        repeated = field.is_repeated and not _is_map(field)
        body[field.name] = [value] if repeated and not isinstance(value, list) else value
    return body


def _message(descriptor: Any, kind: Kind, known: dict[str, Any], depth: int) -> Any:
    if descriptor.full_name == "google.protobuf.Value":
        return kind.text
    if descriptor.full_name == "google.protobuf.Timestamp":
        return "2026-01-01T00:00:00Z"
    if descriptor.full_name == "google.protobuf.Duration":
        return "1s"
    if descriptor.full_name.startswith("google.protobuf.") or depth > 4:
        return None
    if descriptor.GetOptions().map_entry:
        return {kind.text: kind.text}
    return body_of(descriptor, kind, known, depth + 1)


def _is_map(field: Any) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def hostile(kind: Kind, known: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(method, path, body). What the path takes is in the body as well."""
    for method, template, message in messages():
        body = body_of(message.DESCRIPTOR, kind, known)
        path = template
        while "<" in path:
            before, _, rest = path.partition("<")
            name, _, after = rest.partition(">")
            value = known.get(name.rpartition(":")[2], "x1")
            path = before + urllib.parse.quote(str(value), safe="") + after
        yield method, path, body


def send(server: Server, method: str, path: str, body: dict[str, Any]) -> Any:
    if method == "GET":
        query = [(name, one) for name, value in body.items() for one in _scalars(value)]
        return server.request(method, path, "admin", params=query)
    headers = {"Content-Type": "application/json"}
    return server.request(method, path, "admin", data=json.dumps(body), headers=headers)


def _scalars(value: Any) -> list[bytes]:
    values = value if isinstance(value, list) else [value]
    texts = [one if isinstance(one, str) else json.dumps(one) for one in values]
    # Half of a surrogate pair has no UTF-8; these are the bytes that it would have.
    return [text[:4000].encode("utf-8", "surrogatepass") for text in texts]


# Each is put into one field of a request that is right otherwise. Texts that are JSON are parsed
# a second time where a field holds JSON; `s` is what an enumeration or a message never is.
_WRONG: tuple[Any, ...] = ("NaN", "s\ud800", [[["x"]]], 7)
# Of routes whose plain text would be refused before anything else is looked at.
_EMPTY = ("filter", "filter_string", "base_filter", "order_by", "path")


def mutations(known: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Requests in which one field alone is wrong, in turn one of `_WRONG`: what checks all fields
    of a kind at once never gets past the first that is refused.
    """
    right = {**dict.fromkeys(_EMPTY, ""), "order_by": [], **known}
    turn = itertools.count()
    for method, path, body in hostile(Kind("right", "plain"), right):
        if method == "DELETE":
            continue
        for place in _places(body):
            wrong = _WRONG[next(turn) % len(_WRONG)]
            if method == "GET" and not isinstance(wrong, str):
                continue
            yield method, path, _with(body, place, wrong)


def _places(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner: Any = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value[:1])
    for key, one in inner:
        yield (*before, key)
        yield from _places(one, (*before, key))


def _with(body: dict[str, Any], place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    changed: dict[str, Any] = copy.deepcopy(body)
    inner: Any = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return changed
