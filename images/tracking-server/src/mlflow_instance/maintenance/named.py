"""Finds the one thing that somebody names for a removal: by its id, or by a name that nothing else
of its kind has.
"""

from dataclasses import dataclass

from psycopg2.extensions import cursor as Cursor

from mlflow_instance.maintenance.errors import Refused
from mlflow_instance.maintenance.items import EXPERIMENT, MODEL, RUN, TRACE, experiment_id
from mlflow_instance.printable import printable

# As they are typed.
KINDS_BY_WORD = {"experiment": EXPERIMENT, "run": RUN, "logged-model": MODEL, "trace": TRACE}
WORDS = {EXPERIMENT: "experiment", RUN: "run", MODEL: "logged model", TRACE: "trace"}
_NAMESAKES_TOLD = 5
_LONGEST_TYPED = 100

_BY_ID = {
    EXPERIMENT: "SELECT experiment_id::text, name, lifecycle_stage, experiment_id FROM experiments WHERE experiment_id = %s",
    RUN: "SELECT run_uuid, name, lifecycle_stage, experiment_id FROM runs WHERE run_uuid = %s",
    MODEL: "SELECT model_id, name, lifecycle_stage, experiment_id FROM logged_models WHERE model_id = %s",
    TRACE: "SELECT request_id, NULL, NULL, experiment_id FROM trace_info WHERE request_id = %s",
}
# Traces have no names that are theirs alone. Active ones count: what is meant may be one of them.
_BY_NAME = {
    kind: statement.partition("WHERE")[0] + "WHERE name = %s ORDER BY 1 LIMIT %s"
    for kind, statement in _BY_ID.items()
    if kind != TRACE
}


@dataclass(frozen=True, slots=True)
class Named:
    kind: str
    id: str
    name: str | None
    # None: MLflow has no deleted stage for it.
    deleted: bool | None
    experiment: int

    def __str__(self) -> str:
        name = f" {self.name!r}" if self.name else ""
        return f"{WORDS[self.kind]}{name} ({self.id})"

    @property
    def typed(self) -> str:
        """What has to be typed for its removal: its name, or its id where it has no name that a
        keyboard has.
        """
        name = self.name or ""
        plain = name == name.strip() and name.isprintable() and len(name) <= _LONGEST_TYPED
        return name if name and plain else self.id


def find_named(cursor: Cursor, kind: str, wanted: str) -> Named | None:
    """An id comes before a name: what has both meanings is still named by its own id."""
    if "\0" in wanted or not is_unicode(wanted):
        return None
    if kind != EXPERIMENT or experiment_id(wanted) is not None:
        cursor.execute(_BY_ID[kind], (wanted,))
        if row := cursor.fetchone():
            return _named(kind, row)
    if kind not in _BY_NAME:
        return None
    cursor.execute(_BY_NAME[kind], (wanted, _NAMESAKES_TOLD + 1))
    rows = cursor.fetchall()
    if len(rows) > 1:
        ids = ", ".join(printable(str(row[0])) for row in rows[:_NAMESAKES_TOLD]) + (
            " …" if len(rows) > _NAMESAKES_TOLD else ""
        )
        raise Refused(
            f"several {WORDS[kind]}s are named {wanted!r} (ids {ids}): give the id; nothing was changed"
        )
    return _named(kind, rows[0]) if rows else None


def _named(kind: str, row: tuple[object, ...]) -> Named:
    item, name, stage, experiment = row
    return Named(
        kind,
        str(item),
        None if name is None else str(name),
        None if stage is None else stage == "deleted",
        int(str(experiment)),
    )


def is_unicode(text: str) -> bool:
    """Bytes of a command line that are no text come as lone surrogates, which no name has."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
