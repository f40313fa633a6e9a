"""Fills every table of MLflow with rows that refer to one experiment and what is in it, whatever columns this MLflow has."""

import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from mlflow.store.db.base_sql_model import Base
from mlflow.store.model_registry.dbmodels import models as _registry  # noqa: F401
from mlflow.store.tracking.dbmodels import models as _tracking  # noqa: F401
from mlflow.store.workspace.dbmodels import models as _workspace  # noqa: F401

from tests.maintenance.world import World

TABLES: list[sa.Table] = list(Base.metadata.sorted_tables)

# Inputs and associations tie things by type and id: every tie that MLflow makes.
_TIES = {
    "inputs": [
        ("DATASET", "dataset_uuid", "RUN", "run_uuid"),
        ("RUN_INPUT", "run_uuid", "MODEL_INPUT", "model_id"),
        ("RUN_OUTPUT", "run_uuid", "MODEL_OUTPUT", "model_id"),
        ("DATASET", "dataset_uuid", "RUN", "other"),
        ("RUN_OUTPUT", "other", "MODEL_OUTPUT", "model_id"),
    ],
    "entity_associations": [
        (a, b, c, d)
        for a, b in (
            ("run", "run_uuid"),
            ("trace", "trace_id"),
            ("model", "model_id"),
            ("experiment", "experiment_id"),
        )
        for c, d in (
            ("evaluation_dataset", "other"),
            ("run", "run_uuid"),
            ("trace", "trace_id"),
            ("model", "model_id"),
        )
        if b != d
    ]
    + [("evaluation_dataset", "other", "experiment", "experiment_id")],
}


@dataclass
class Filled:
    """The ids that the rows refer to, by the column that has them."""

    suffix: str
    ids: dict[str, Any]


def fill(world: World, experiment: int, run: str, model: str, trace: str) -> Filled:
    """The four things exist; everything else that may refer to them is made here."""
    suffix = uuid.uuid4().hex[:8]
    ids: dict[str, Any] = {
        **dict.fromkeys(("experiment_id",), experiment),
        **dict.fromkeys(("run_uuid", "run_id", "source_run_id"), run),
        **dict.fromkeys(("trace_id", "request_id"), trace),
        "model_id": model,
        "item_id": trace,
        "item_type": "trace",
        "dataset_uuid": f"dataset-{suffix}",
        "other": f"other-{suffix}",
    }
    filled = Filled(suffix, ids)
    for table in TABLES:
        if table.name in (
            "experiments",
            "runs",
            "logged_models",
            "trace_info",
            "workspaces",
            "input_tags",
        ):
            continue
        if table.name in _TIES:
            for number, (source_type, source, destination_type, destination) in enumerate(
                _TIES[table.name]
            ):
                uuid_ = f"{table.name}-{number}-{suffix}"
                values = {
                    "source_type": source_type,
                    "source_id": str(ids[source]),
                    "destination_type": destination_type,
                    "destination_id": str(ids[destination]),
                    "input_uuid": uuid_,
                    "association_id": uuid_,
                }
                _insert(world, table, filled, values)
                if table.name == "inputs":
                    _insert(
                        world, Base.metadata.tables["input_tags"], filled, {"input_uuid": uuid_}
                    )
        else:
            _insert(world, table, filled, {})
    return filled


def _insert(world: World, table: sa.Table, filled: Filled, given: dict[str, Any]) -> None:
    values: dict[str, Any] = {}
    for column in table.columns:
        if column.name in given:
            values[column.name] = given[column.name]
        elif (
            column.name in filled.ids
            and table.name not in ("datasets",)
            or column.name == "experiment_id"
        ):
            values[column.name] = filled.ids[column.name]
        elif column.name == "dataset_uuid":
            values[column.name] = filled.ids["dataset_uuid"]
        elif column.name == "workspace":
            values[column.name] = "default"
        elif column.foreign_keys:
            # The row that was made for the parent table a moment ago.
            values[column.name] = _value(next(iter(column.foreign_keys)).column, filled)
        elif (
            column.computed is not None
            or column.autoincrement is True
            or column.identity is not None
        ):
            continue
        else:
            values[column.name] = _value(column, filled)
    names = ", ".join(f'"{name}"' for name in values)
    world.sql(
        f'INSERT INTO "{table.name}" ({names}) VALUES ({", ".join(["%s"] * len(values))})',
        *values.values(),
    )


def _value(column: sa.Column[Any], filled: Filled) -> Any:
    if column.foreign_keys:
        return _value(next(iter(column.foreign_keys)).column, filled)
    if column.name in filled.ids and column.table.name != "datasets":
        return filled.ids[column.name]
    kind = column.type
    if isinstance(kind, sa.Boolean):
        return True
    if isinstance(kind, sa.Date):
        return "2026-01-01"
    if isinstance(kind, sa.Integer):
        # A number that is the fill's own where it is a key, and of no meaning otherwise.
        return int(filled.suffix[:6], 16) if column.primary_key else 1
    if isinstance(kind, sa.Float | sa.Numeric):
        return 1.0
    if isinstance(kind, sa.JSON):
        return "{}"
    if isinstance(kind, sa.LargeBinary):
        return b"1"
    return f"{filled.suffix}-{column.name}"[: min(getattr(kind, "length", None) or 18, 18)]
