"""MLflow archives traces in jobs that an instance doesn't run: what would ask for it is refused, and what says it happened is not believed.

Its routes refuse a trace's tags of archives one by one, but not in a new trace. Deleting a trace with such tags would delete
whatever folder they name.
"""

from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE

from mlflow_instance.locations_written import before

_OF_TRACES = (
    "mlflow.trace.archiveLocation",
    "mlflow.trace.spansLocation",
    "mlflow.trace.archivalFailure",
)
_OF_EXPERIMENTS = ("mlflow.trace.archivalRetention", "mlflow.trace.archiveNow")


def forbid_trace_archives() -> None:
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    def experiment(
        name: Any, artifact_location: Any = None, tags: Any = None, *_: Any, **__: Any
    ) -> None:
        for tag in tags or ():
            experiment_tag(None, tag)

    def experiment_tag(experiment_id: Any, tag: Any, *_: Any, **__: Any) -> None:
        if tag.key in _OF_EXPERIMENTS:
            raise MlflowException(
                f"Tag '{tag.key}': traces are not archived on this instance; leave the tag out. The platform team can declare traceRetention",
                error_code=INVALID_PARAMETER_VALUE,
            )

    def trace(trace_info: Any, *_: Any, **__: Any) -> None:
        _require_no_archive(trace_info.tags)

    def trace_v2(
        experiment_id: Any, timestamp_ms: Any, request_metadata: Any, tags: Any, *_: Any, **__: Any
    ) -> None:
        _require_no_archive(tags)

    before(SqlAlchemyStore, "create_experiment", experiment)
    before(SqlAlchemyStore, "set_experiment_tag", experiment_tag)
    before(SqlAlchemyStore, "start_trace", trace)
    before(SqlAlchemyStore, "deprecated_start_trace_v2", trace_v2)
    # No trace has an archive here: whatever a tag says, there is none to delete.
    SqlAlchemyStore._delete_archived_trace_payloads = lambda _, traces: [
        trace.trace_id for trace in traces
    ]


def _require_no_archive(tags: dict[str, str]) -> None:
    for key in _OF_TRACES:
        # An export carries the one of a trace whose spans the database has.
        if key in tags and tags[key] != "TRACKING_STORE":
            raise MlflowException(
                f"Tag '{key}' is immutable and cannot be set on a trace.",
                error_code=INVALID_PARAMETER_VALUE,
            )
