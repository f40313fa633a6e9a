"""The declared workloads and their issuers: a mounted file, re-read while the server runs.

    {"version": 1, "audience": "https://fraud.example.com",
     "issuers": {"gitlab": {"url": "https://gitlab.example.com", "ci": "gitlab"}},
     "workloads": [{"name": "training", "issuer": "gitlab", "role": "edit", "match": {"project_path": "fraud/train"}}]}

An issuer may have `audience` (instead of the instance's), `keys` (a JWKS, which is then never fetched) and `cluster` (true: the keys
are fetched from the API server of the pod's own cluster, with the pod's service account).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlflow_instance.roles import Role
from mlflow_instance.watched_file import FileRefused, document_of, list_in


@dataclass(frozen=True)
class Issuer:
    name: str
    # Equal to the claim `iss`, character by character.
    url: str
    audience: str
    # Which CI's claims its tokens have: gitlab, github or none.
    ci: str | None = None
    keys: str | None = None
    cluster: bool = False


@dataclass(frozen=True)
class Workload:
    name: str
    role: Role
    issuer: str
    match: Mapping[str, str]


@dataclass(frozen=True)
class Declared:
    issuers: Mapping[str, Issuer]
    workloads: tuple[Workload, ...]


NOTHING = Declared({}, ())


def parse_declared(text: str) -> Declared:
    document = document_of(text)
    audience = _text(document, "audience", "")
    issuers = {
        name: _issuer(name, entry, audience) for name, entry in _object(document, "issuers").items()
    }
    entries = list_in(document, "workloads")
    workloads = tuple(_workload(index, entry, issuers) for index, entry in enumerate(entries))
    return Declared(issuers, workloads)


def _issuer(name: str, entry: Any, audience: str) -> Issuer:
    where = f"issuers.{name}"
    if not isinstance(entry, dict):
        raise FileRefused(f"{where}: expected an object")
    keys = entry.get("keys")
    return Issuer(
        name,
        url=_text(entry, "url", where),
        audience=_text(entry, "audience", where) if "audience" in entry else audience,
        ci=entry.get("ci"),
        keys=None if keys is None else json.dumps(keys),
        cluster=entry.get("cluster") is True,
    )


def _workload(index: int, entry: Any, issuers: Mapping[str, Issuer]) -> Workload:
    where = f"workloads[{index}]"
    if not isinstance(entry, dict):
        raise FileRefused(f"{where}: expected an object")
    issuer = _text(entry, "issuer", where)
    if issuer not in issuers:
        raise FileRefused(f"{where}.issuer: {issuer} is not among the issuers")
    match = _object(entry, "match")
    # Without one, every job of the issuer would be let in.
    if not match or not all(isinstance(value, str) and value for value in match.values()):
        raise FileRefused(f"{where}.match: expected claims with their values")
    try:
        role = Role.parse(entry.get("role"))
    except ValueError as error:
        raise FileRefused(f"{where}.role: {error}") from None
    return Workload(_text(entry, "name", where), role, issuer, match)


def _text(entry: Mapping[str, Any], key: str, where: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value:
        raise FileRefused(f"{where}.{key}: expected a text".removeprefix("."))
    return value


def _object(entry: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = entry.get(key)
    if not isinstance(value, dict):
        raise FileRefused(f"{key}: expected an object")
    return value
