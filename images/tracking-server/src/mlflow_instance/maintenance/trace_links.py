"""The runs that a trace belongs to: a run that stays keeps the traces that were made in it, or
that its evaluation used.
"""

# Of the trace `t`. A run's id is text in both places and need not be one of a run.
RUNS_OF_TRACE = """
    SELECT m.value AS run FROM trace_request_metadata m
    WHERE m.request_id = t.request_id AND m.key = 'mlflow.sourceRun'
    UNION SELECT a.destination_id FROM entity_associations a
          WHERE a.source_type = 'trace' AND a.source_id = t.request_id
            AND a.destination_type = 'run'
    UNION SELECT a.source_id FROM entity_associations a
          WHERE a.destination_type = 'trace' AND a.destination_id = t.request_id
            AND a.source_type = 'run'
"""
KEPT_RUN_OF_TRACE = (
    f"SELECT l.run FROM ({RUNS_OF_TRACE}) l JOIN tags k ON k.run_uuid = l.run AND k.key = 'keep'"
)
REGISTERED_RUN_OF_TRACE = (
    f"SELECT l.run FROM ({RUNS_OF_TRACE}) l JOIN model_versions v"
    " ON v.run_id = l.run AND v.current_stage IS DISTINCT FROM 'Deleted_Internal'"
)
