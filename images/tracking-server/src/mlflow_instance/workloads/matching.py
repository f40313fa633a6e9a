"""Which declared workload a job is, by its verified claims."""

from collections.abc import Iterable, Mapping
from typing import Any

from mlflow_instance.workloads.declared import Issuer, Workload


def matching(
    workloads: Iterable[Workload], issuer: Issuer, claims: Mapping[str, Any]
) -> Workload | None:
    """The one with the highest role, where several match."""
    found = [
        one
        for one in workloads
        if one.issuer == issuer.name
        and all(_has(claims, claim, value) for claim, value in one.match.items())
    ]
    return max(found, key=lambda one: one.role, default=None)


def _has(claims: Mapping[str, Any], claim: str, value: str) -> bool:
    found = claims.get(claim)
    # `groups` and the like: a list has the value or hasn't.
    return any(_text(one) == value for one in (found if isinstance(found, list) else [found]))


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int) else None
