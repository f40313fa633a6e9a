"""A trace that is there does not become old by a later write.

MLflow takes the time of a trace from whoever writes it again, or adds an earlier span. Where traces
go by their age, a token that may log could so remove the traces of others in the next night.
"""

from typing import Any

from mlflow.utils.time import get_current_time_millis
from sqlalchemy import event, func, inspect
from sqlalchemy.orm import ORMExecuteState, Session

# Spans of one trace come in any order, within this time.
_MOVABLE_MS = 24 * 3_600_000
_COLUMN = "timestamp_ms"


def keep_trace_times() -> None:
    from mlflow.store.tracking.dbmodels.models import SqlTraceInfo

    def before_flush(session: Session, *_: Any) -> None:
        for trace in session.dirty:
            if not isinstance(trace, SqlTraceInfo):
                continue
            former = inspect(trace).attrs[_COLUMN].history.deleted
            if former and former[0] is not None and trace.timestamp_ms is not None:
                trace.timestamp_ms = max(trace.timestamp_ms, min(former[0], _earliest()))

    def on_execute(state: ORMExecuteState) -> None:
        if not state.is_update or getattr(state.bind_mapper, "class_", None) is not SqlTraceInfo:
            return
        values = state.statement._values or {}  # type: ignore[attr-defined]
        for moved in [one for one in values if one.name == _COLUMN]:
            kept = func.greatest(values[moved], func.least(SqlTraceInfo.timestamp_ms, _earliest()))
            state.statement = state.statement.values({moved: kept})  # type: ignore[attr-defined]

    event.listen(Session, "before_flush", before_flush)
    event.listen(Session, "do_orm_execute", on_execute)


def _earliest() -> int:
    return int(get_current_time_millis()) - _MOVABLE_MS
