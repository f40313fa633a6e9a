"""How many rows go with one named thing, by table, as far as the job may count them."""

from psycopg2.extensions import cursor as Cursor

from mlflow_instance.maintenance.items import EXPERIMENT, MODEL, RUN, TRACE
from mlflow_instance.maintenance.scope import Scope

_OF_RUN = "run_uuid = %(id)s"
_OF_RUNS = "run_uuid IN (SELECT run_uuid FROM runs WHERE experiment_id = %(id)s::int)"
_OF_MODELS = "model_id IN (SELECT model_id FROM logged_models WHERE experiment_id = %(id)s::int)"
_OF_TRACES = "IN (SELECT request_id FROM trace_info WHERE experiment_id = %(id)s::int)"
_TABLES_OF_RUNS = ("runs", "metrics", "latest_metrics", "params", "tags")
_CONDITIONS: dict[str, dict[str, str]] = {
    RUN: dict.fromkeys(_TABLES_OF_RUNS, _OF_RUN),
    MODEL: dict.fromkeys(("logged_models", "logged_model_tags"), "model_id = %(id)s"),
    TRACE: {
        **dict.fromkeys(
            ("trace_info", "trace_tags", "trace_request_metadata"), "request_id = %(id)s"
        ),
        "spans": "trace_id = %(id)s",
    },
    EXPERIMENT: {
        "experiments": "experiment_id = %(id)s::int",
        "experiment_tags": "experiment_id = %(id)s::int",
        "runs": "experiment_id = %(id)s::int",
        **dict.fromkeys(_TABLES_OF_RUNS[1:], _OF_RUNS),
        "logged_models": "experiment_id = %(id)s::int",
        "logged_model_tags": _OF_MODELS,
        "trace_info": "experiment_id = %(id)s::int",
        **dict.fromkeys(("trace_tags", "trace_request_metadata"), f"request_id {_OF_TRACES}"),
        "spans": f"trace_id {_OF_TRACES}",
    },
}


def count_rows(cursor: Cursor, scope: Scope) -> dict[str, int]:
    counts: dict[str, int] = {}
    for table, condition in _CONDITIONS[str(scope.kind)].items():
        cursor.execute(f"SELECT count(*) FROM {table} WHERE {condition}", {"id": scope.id})
        ((counts[table],),) = cursor.fetchall()
    return counts
