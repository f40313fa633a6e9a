"""How many tags, parameters, aliases and assessments one thing may have.

MLflow has no bound, and reads them all with the thing: an experiment with 3,000 tags of 5,000
characters fits into no answer, so that experiments could not be listed any more, nor its tags be
deleted. Runs are not in here: they may have some 50,000 rows, and only the searches of their own
experiment hold them.
"""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session

from mlflow_instance.query_limits import too_much

MAX_ENTRIES = 1_000
# Of one thing together: a tag of a model version alone may have 100,000, the text of a prompt.
MAX_CHARACTERS = 2_000_000


@dataclass(frozen=True)
class _Kind:
    what: str
    # The columns of its owner.
    owner: tuple[str, ...]
    text: str | None = "value"


def bound_entries() -> None:
    from mlflow.store.model_registry.dbmodels import models as registry
    from mlflow.store.tracking import sqlalchemy_store as store
    from mlflow.store.tracking.dbmodels import models as tracking

    kinds: dict[type, _Kind] = {
        tracking.SqlExperimentTag: _Kind("tags of one experiment", ("experiment_id",)),
        tracking.SqlTraceTag: _Kind("tags of one trace", ("request_id",)),
        tracking.SqlTraceMetadata: _Kind("metadata of one trace", ("request_id",)),
        tracking.SqlAssessments: _Kind("assessments of one trace", ("trace_id",)),
        tracking.SqlLoggedModelTag: _Kind("tags of one logged model", ("model_id",), "tag_value"),
        tracking.SqlLoggedModelParam: _Kind(
            "parameters of one logged model", ("model_id",), "param_value"
        ),
        tracking.SqlEvaluationDatasetTag: _Kind("tags of one dataset", ("dataset_id",)),
        tracking.SqlMCPServerTag: _Kind("tags of one MCP server", ("workspace", "name")),
        tracking.SqlMCPServerVersionTag: _Kind(
            "tags of one version", ("workspace", "name", "version")
        ),
        tracking.SqlMCPServerAlias: _Kind("aliases of one MCP server", ("workspace", "name"), None),
        registry.SqlRegisteredModelTag: _Kind("tags of one model", ("workspace", "name")),
        registry.SqlModelVersionTag: _Kind(
            "tags of one model version", ("workspace", "name", "version")
        ),
        registry.SqlRegisteredModelAlias: _Kind(
            "aliases of one model", ("workspace", "name"), None
        ),
    }

    def before_flush(session: Session, *_: Any) -> None:
        added = _by_owner(session.new, kinds)
        changed = _by_owner(session.dirty, kinds)
        # A trace comes with its tags: what is not stored yet has none.
        traces = {
            trace.request_id for trace in session.new if isinstance(trace, tracking.SqlTraceInfo)
        }
        for model, owner in added.keys() | changed.keys():
            kind = kinds[model]
            new, old = added.get((model, owner), []), changed.get((model, owner), [])
            growth = sum(_growth(one, kind.text) for one in (*new, *old)) if kind.text else 0
            if not new and growth <= 0:
                # A thing with more than the bounds, of an image without them, can become less.
                continue
            stored = (
                (0, 0)
                if None in owner or owner[0] in traces
                else _stored(session, model, kind, owner)
            )
            if new:
                _require(kind.what, MAX_ENTRIES, stored[0] + len(new))
            if growth > 0:
                _require(f"characters in the {kind.what}", MAX_CHARACTERS, stored[1] + growth)

    event.listen(Session, "before_flush", before_flush)
    plain = store._bulk_upsert

    @functools.wraps(plain)
    def upsert(session: Session, model: type, rows: list[dict[str, Any]]) -> None:
        plain(session, model, rows)
        # Afterwards it is known which of them are new; an error takes them back.
        kind = kinds.get(model)
        for owner in (
            {tuple(row[name] for name in kind.owner) for row in rows} if kind is not None else ()
        ):
            count, size = _stored(session, model, kind, owner)
            _require(kind.what, MAX_ENTRIES, count)
            _require(f"characters in the {kind.what}", MAX_CHARACTERS, size)

    store._bulk_upsert = upsert


def _growth(instance: Any, text: str) -> int:
    """By how many characters the flush makes its text longer."""
    history = inspect(instance).attrs[text].history
    before, after = (
        sum(len(one) for one in some or () if isinstance(one, str))
        for some in (history.deleted, history.added)
    )
    return after - before


def _by_owner(
    instances: Iterable[Any], kinds: dict[type, _Kind]
) -> dict[tuple[type, tuple[Any, ...]], list[Any]]:
    found: dict[tuple[type, tuple[Any, ...]], list[Any]] = {}
    for instance in instances:
        kind = kinds.get(type(instance))
        if kind is not None:
            owner = tuple(getattr(instance, name) for name in kind.owner)
            found.setdefault((type(instance), owner), []).append(instance)
    return found


def _stored(session: Session, model: Any, kind: _Kind, owner: tuple[Any, ...]) -> tuple[int, int]:
    row = session.connection().exec_driver_sql(_count(model, kind), owner).one()
    return int(row[0]), int(row[1])


@functools.cache
def _count(model: Any, kind: _Kind) -> str:
    """Text, and so neither compiled again for each write nor fetched through a cursor."""
    columns = inspect(model).columns
    size = "0" if kind.text is None else f"coalesce(sum(length({columns[kind.text].name})), 0)"
    of_owner = " AND ".join(f"{columns[name].name} = %s" for name in kind.owner)
    return f"SELECT count(*), {size} FROM {model.__table__.name} WHERE {of_owner}"


def _require(what: str, limit: int, found: int) -> None:
    if found > limit:
        raise too_much(what, limit, found)
