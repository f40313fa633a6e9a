"""One row of the audit: who, when, what, and how it ended. Names and ids only, printable and
bounded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from mlflow_instance.accounting import Account
from mlflow_instance.printable import printable

# Characters. An artifact's path may have 1,000 and more; its beginning tells which it is.
_PATH, _TEXT, _SOURCE = 500, 250, 64
_CLAIMS = 20
_LISTED = 20

Object = Mapping[str, str | list[str] | int]


class Action(StrEnum):
    CHANGE = "change"
    DELETION = "deletion"
    # Counted: one row a minute for what a caller logs to one run.
    APPEND = "append"
    REFUSAL = "refusal"


@dataclass(frozen=True, slots=True)
class AuditRow:
    at: datetime
    action: Action
    caller: str | None
    role: str | None
    claims: Mapping[str, str] | None
    source: str
    route: str
    method: str
    path: str
    object: Object
    status: int
    refusal: str | None
    count: int = 1

    def repeated(self, count: int, at: datetime) -> "AuditRow":
        return replace(self, count=count, at=at)

    def merged(self) -> "AuditRow":
        """Stands for many that differ in more than can be held apart."""
        return replace(
            self, caller=None, role=None, claims=None, source="", path="", object={}, refusal="many"
        )


def row_of(
    account: Account, action: Action, found: Mapping[str, object], status: int, refusal: str = ""
) -> AuditRow:
    caller = account.caller
    claims = getattr(caller, "claims", None)
    return AuditRow(
        at=datetime.now(UTC),
        action=action,
        caller=None if caller is None else bounded(str(caller)),
        role=None if caller is None else caller.role.name.lower(),
        claims=None if not claims else _claims(claims),
        source=bounded(account.source, _SOURCE),
        route=account.route.value,
        method=bounded(account.method, 16),
        path=bounded(account.path, _PATH),
        object=object_of(found),
        status=status,
        refusal=bounded(refusal) or None,
    )


def object_of(found: Mapping[str, object]) -> Object:
    kept: dict[str, str | list[str] | int] = {}
    for name, value in found.items():
        if isinstance(value, list):
            kept[name] = [bounded(str(one)) for one in value[:_LISTED]]
            if len(value) > _LISTED:
                kept[f"{name}_count"] = len(value)
        else:
            kept[name] = bounded(str(value))
    return kept


def bounded(text: str, most: int = _TEXT) -> str:
    """One printable line: no half of a surrogate pair and no NUL, which PostgreSQL refuses."""
    return printable(text[:most]) + ("…" if len(text) > most else "")


def _claims(claims: Mapping[str, str]) -> dict[str, str]:
    return {
        bounded(str(name)): bounded(str(value)) for name, value in list(claims.items())[:_CLAIMS]
    }
