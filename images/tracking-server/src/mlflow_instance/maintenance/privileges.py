"""What each job's database role may do on MLflow's tables and on this project's own, and nothing else.

The migration grants it (it is the tables' owner) each time it has run. PostgreSQL follows ON DELETE CASCADE with the owner's
rights, so only what a statement names is listed. Neither role can create, alter or truncate.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from mlflow_instance.audit.schema import AUDIT, SCHEMA, TOKEN_USE
from mlflow_instance.maintenance.errors import Impossible

# Table -> its columns; an empty tuple is the whole table.
Columns = Mapping[str, tuple[str, ...]]


_MLFLOW = "public"


@dataclass(frozen=True)
class Grant:
    privilege: str
    schema: str
    table: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Privileges:
    """On MLflow's tables, and what may be read of the records (audit/schema.py)."""

    select: Columns
    insert: Columns = field(default_factory=dict)
    update: Columns = field(default_factory=dict)
    delete: tuple[str, ...] = ()
    records: tuple[str, ...] = ()

    def grants(self) -> list[Grant]:
        return [
            *(Grant("SELECT", _MLFLOW, table, columns) for table, columns in self.select.items()),
            *(Grant("INSERT", _MLFLOW, table, columns) for table, columns in self.insert.items()),
            *(Grant("UPDATE", _MLFLOW, table, columns) for table, columns in self.update.items()),
            *(Grant("DELETE", _MLFLOW, table) for table in self.delete),
            *(Grant("SELECT", SCHEMA, table) for table in self.records),
        ]


# Retention, orphans and restore run as one role: each of them sees everything that is deleted.
RETENTION = Privileges(
    select={
        "alembic_version": (),
        "experiments": (),
        "experiment_tags": (),
        "runs": (),
        "tags": (),
        "metrics": ("run_uuid",),
        "latest_metrics": ("run_uuid",),
        "params": ("run_uuid",),
        "logged_models": (),
        "logged_model_tags": (),
        "trace_info": ("request_id", "experiment_id", "timestamp_ms", "status"),
        "spans": ("trace_id", "start_time_unix_nano"),
        "trace_tags": (),
        "trace_request_metadata": (),
        "model_versions": (),
        "registered_model_aliases": (),
        "datasets": ("dataset_uuid", "experiment_id", "dataset_source"),
        "inputs": (),
        "input_tags": ("input_uuid",),
        "entity_associations": (),
        "review_queue_items": ("queue_id", "item_id", "item_type"),
        "online_scoring_configs": ("experiment_id",),
        "scorers": ("scorer_id", "experiment_id"),
        "guardrails": ("name", "scorer_id"),
        "sql_trace_metric_daily_rollups": ("experiment_id",),
        "sql_span_cost_daily_rollups": ("experiment_id",),
        "sql_assessment_daily_rollups": ("experiment_id",),
        "sql_trace_rollup_rebuild_queue": ("experiment_id",),
    },
    # Only for restoring: the stage and the times that MLflow sets with it.
    update={
        "experiments": ("lifecycle_stage", "last_update_time"),
        "runs": ("lifecycle_stage", "deleted_time"),
        "logged_models": ("lifecycle_stage", "last_updated_timestamp_ms"),
    },
    delete=(
        "runs",
        "tags",
        "metrics",
        "latest_metrics",
        "params",
        "logged_models",
        "trace_info",
        "experiments",
        "experiment_tags",
        "inputs",
        "input_tags",
        "entity_associations",
        "review_queue_items",
        "online_scoring_configs",
        "sql_trace_metric_daily_rollups",
        "sql_span_cost_daily_rollups",
        "sql_assessment_daily_rollups",
        "sql_trace_rollup_rebuild_queue",
    ),
)

STALE_RUNS = Privileges(
    select={
        "alembic_version": (),
        "experiments": ("experiment_id", "name", "lifecycle_stage"),
        "runs": (),
        "tags": (),
        "params": ("run_uuid",),
        "metrics": ("run_uuid", "timestamp"),
        "latest_metrics": (),
        "inputs": ("source_type", "source_id", "destination_type", "destination_id"),
        "logged_models": (
            "model_id",
            "source_run_id",
            "artifact_location",
            "status",
            "last_updated_timestamp_ms",
        ),
        "logged_model_tags": ("model_id",),
        "trace_info": ("request_id", "timestamp_ms"),
        "trace_request_metadata": ("request_id", "key", "value"),
    },
    insert={"tags": ("key", "value", "run_uuid")},
    update={"runs": ("status", "end_time"), "tags": ("value",)},
)

# The command `audit` has no role of its own: it runs in the retention's pod, which may read what it
# shows. Retention itself asks for none of it.
RECORDS = Privileges(select={}, records=(AUDIT, TOKEN_USE, "schema_version"))
RETENTION_ROLE = replace(RETENTION, records=RECORDS.records)

ROLES = {
    "MLFLOW_INSTANCE_RETENTION_ROLE": RETENTION_ROLE,
    "MLFLOW_INSTANCE_STALE_RUNS_ROLE": STALE_RUNS,
}


def grant(connection: Connection, role: str, privileges: Privileges) -> None:
    """Makes the role's rights exactly these, in the caller's transaction: there is no moment with fewer or more."""
    name = sql.Identifier(role)
    with connection.cursor() as cursor:
        for schema in map(sql.Identifier, (_MLFLOW, SCHEMA)):
            for kind in map(sql.SQL, ("TABLES", "SEQUENCES")):
                cursor.execute(
                    sql.SQL("REVOKE ALL ON ALL {} IN SCHEMA {} FROM {}").format(kind, schema, name)
                )
        cursor.execute(
            sql.SQL("REVOKE ALL ON SCHEMA {} FROM {}").format(sql.Identifier(SCHEMA), name)
        )
        grants = privileges.grants()
        for used in sorted({_MLFLOW, *(each.schema for each in grants)}):
            cursor.execute(
                sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(used), name)
            )
        for each in grants:
            cursor.execute(
                sql.SQL("GRANT {}{} ON {} TO {}").format(
                    sql.SQL(each.privilege),
                    sql.SQL(" ({})").format(sql.SQL(", ").join(map(sql.Identifier, each.columns)))
                    if each.columns
                    else sql.SQL(""),
                    sql.Identifier(each.schema, each.table),
                    name,
                )
            )


def require_privileges(connection: Connection, privileges: Privileges) -> None:
    """Before anything is removed: a right that is missing half-way would leave things half done."""
    missing: list[str] = []
    with connection.cursor() as cursor:
        for each in privileges.grants():
            name = f'{each.schema}."{each.table}"'
            if each.columns:
                cursor.execute(
                    "SELECT bool_and(has_column_privilege(%s, c, %s)) FROM unnest(%s) AS c",
                    (name, each.privilege, list(each.columns)),
                )
            else:
                cursor.execute("SELECT has_table_privilege(%s, %s)", (name, each.privilege))
            if cursor.fetchone() != (True,):
                missing.append(f"{each.privilege} on {each.table}")
    connection.rollback()
    if missing:
        raise Impossible(
            f"no rights in the database: {', '.join(missing[:5])}{' …' if len(missing) > 5 else ''}; nothing was changed. "
            "The migration grants them: apply the stack again"
        )
