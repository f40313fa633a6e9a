"""The rows whose time may have come: what is deleted, what is in a deleted experiment, and old traces."""

from mlflow_instance.maintenance.trace_links import KEPT_RUN_OF_TRACE, RUNS_OF_TRACE
from mlflow_instance.maintenance.trace_times import IS_AGED_OR_ODD, IS_POSSIBLE, MADE

_EXPERIMENT_KEEP = "EXISTS (SELECT FROM experiment_tags k WHERE k.experiment_id = e.experiment_id AND k.key = 'keep')"

# PostgreSQL drops what is always true: without a scope nothing is compared.
_IN_SCOPE = "(%(experiment)s::int IS NULL OR e.experiment_id = %(experiment)s) AND (%(item)s::text IS NULL OR {id} = %(item)s)"
_EXPIRED = "e.lifecycle_stage = 'deleted' AND e.last_update_time <= %(cutoff)s"

# Also the active runs of experiments whose time has come: somebody took them back, so their
# experiment stays.
RUNS = f"""
    SELECT r.run_uuid, r.name, r.experiment_id, e.name, r.artifact_uri, r.lifecycle_stage, r.deleted_time,
           EXISTS (SELECT FROM tags k WHERE k.run_uuid = r.run_uuid AND k.key = 'keep'), {_EXPERIMENT_KEEP}, coalesce({_EXPIRED}, false),
           e.artifact_location
    FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id
    WHERE (r.lifecycle_stage = 'deleted' OR ({_EXPIRED})) AND {_IN_SCOPE.format(id="r.run_uuid")}
    ORDER BY r.experiment_id, r.run_uuid COLLATE "C"
"""
MODELS = f"""
    SELECT m.model_id, m.name, m.experiment_id, e.name, m.artifact_location, m.lifecycle_stage, m.last_updated_timestamp_ms,
           e.last_update_time, m.source_run_id,
           EXISTS (SELECT FROM logged_model_tags k WHERE k.model_id = m.model_id AND k.tag_key = 'keep'), {_EXPERIMENT_KEEP},
           e.artifact_location
    FROM logged_models m JOIN experiments e ON e.experiment_id = m.experiment_id
    WHERE (m.lifecycle_stage = 'deleted' OR ({_EXPIRED})) AND {_IN_SCOPE.format(id="m.model_id")}
    ORDER BY m.experiment_id, m.model_id COLLATE "C"
"""
# MLflow has no deleted stage for traces: they go with their experiment, or by their own time.
TRACES = f"""
    SELECT t.request_id, t.experiment_id, coalesce({_EXPIRED}, false), e.last_update_time,
           CASE WHEN {IS_POSSIBLE} THEN {MADE} END, t.timestamp_ms,
           array(SELECT l.value FROM trace_tags l
                 WHERE l.request_id = t.request_id AND l.key IN ('mlflow.artifactLocation', 'mlflow.trace.archiveLocation') ORDER BY l.key),
           EXISTS (SELECT FROM trace_tags k WHERE k.request_id = t.request_id AND k.key = 'keep'), e.name, {_EXPERIMENT_KEEP},
           CASE WHEN {_EXPIRED} THEN NULL ELSE ({KEPT_RUN_OF_TRACE} LIMIT 1) END,
           CASE WHEN {_EXPIRED} THEN NULL ELSE array({RUNS_OF_TRACE}) END, e.artifact_location
    FROM trace_info t JOIN experiments e ON e.experiment_id = t.experiment_id
    WHERE (({_EXPIRED}) OR {IS_AGED_OR_ODD}) AND {_IN_SCOPE.format(id="t.request_id")}
    ORDER BY t.experiment_id, t.request_id COLLATE "C"
"""
# A guardrail refers to a scorer without a cascade: the experiment can't go before it.
EXPERIMENTS = f"""
    SELECT e.experiment_id, e.name, e.artifact_location, e.last_update_time, {_EXPERIMENT_KEEP},
           (SELECT g.name FROM guardrails g JOIN scorers s ON s.scorer_id = g.scorer_id WHERE s.experiment_id = e.experiment_id LIMIT 1)
    FROM experiments e WHERE e.lifecycle_stage = 'deleted' AND {_IN_SCOPE.format(id="e.experiment_id::text")} ORDER BY e.experiment_id
"""
