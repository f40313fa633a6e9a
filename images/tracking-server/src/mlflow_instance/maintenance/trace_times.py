"""When a trace was made, for its age: its time is a client's, and so are those of its spans.

A time before the experiment was made or after now can't be true: such a trace counts from the job's
first sight of it. A later span, up to now, counts more than the time: with one early span anybody
who may log could else make another's trace old.
"""

# Of the trace `t` in the experiment `e`.
IS_POSSIBLE = "t.timestamp_ms BETWEEN greatest(coalesce(e.creation_time, 0), 1) AND %(now)s"
_LATEST_SPAN = (
    "(SELECT max(s.start_time_unix_nano) / 1000000 FROM spans s"
    " WHERE s.trace_id = t.request_id AND s.start_time_unix_nano <= %(last_span)s)"
)
MADE = f"greatest(t.timestamp_ms, {_LATEST_SPAN})"
_IN_EXPERIMENT = "(e.lifecycle_stage = 'active' OR %(of_deleted)s)"
# PostgreSQL looks for spans only where the trace's own time is old enough.
_IS_OLD = f"({IS_POSSIBLE} AND t.timestamp_ms <= %(traces)s AND {MADE} <= %(traces)s)"
# Without a cutoff nothing is: the first condition is then NULL.
IS_AGED = (
    f"(%(traces)s IS NOT NULL AND {_IN_EXPERIMENT} AND ({_IS_OLD} OR"
    f" (NOT ({IS_POSSIBLE}) AND t.request_id = ANY(%(sighted)s::text[]))))"
)
IS_AGED_OR_ODD = (
    f"(%(traces)s IS NOT NULL AND {_IN_EXPERIMENT} AND ({_IS_OLD} OR NOT ({IS_POSSIBLE})))"
)
