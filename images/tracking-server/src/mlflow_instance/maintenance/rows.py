"""Deletes rows, set by set, and only what still may go: every condition is asked again by the statement that deletes.

One statement deletes an item and all that refers to it: foreign keys without a cascade are checked at its end, and what
MLflow ties together without a foreign key (inputs, associations, review queues, rollups) goes with it. What has ON DELETE
CASCADE is left to PostgreSQL.
"""

from collections.abc import Callable, Sequence

from psycopg2.extensions import connection as Connection

from mlflow_instance.maintenance.cutoffs import Cutoffs
from mlflow_instance.maintenance.items import (
    DEFAULT_EXPERIMENT,
    EXPERIMENT,
    MODEL,
    RUN,
    TRACE,
    Item,
)
from mlflow_instance.maintenance.locations import ArtifactStore
from mlflow_instance.maintenance.trace_links import KEPT_RUN_OF_TRACE, REGISTERED_RUN_OF_TRACE
from mlflow_instance.maintenance.trace_times import IS_AGED

# `= ANY(ARRAY(…))`: the ids are known when the plan runs, so each child is found by its index
# however large it is.
_RUNS = """
    WITH gone AS (
        DELETE FROM runs r
        WHERE r.run_uuid = ANY(%(ids)s) AND r.lifecycle_stage = 'deleted' AND r.deleted_time <= %(cutoff)s
          AND NOT EXISTS (SELECT FROM tags k WHERE k.run_uuid = r.run_uuid AND k.key = 'keep')
          AND NOT EXISTS (SELECT FROM experiment_tags k WHERE k.experiment_id = r.experiment_id AND k.key = 'keep')
          AND NOT EXISTS (
              SELECT FROM model_versions v WHERE v.run_id = r.run_uuid AND v.current_stage IS DISTINCT FROM 'Deleted_Internal')
        RETURNING r.run_uuid AS id
    ),
    a AS (DELETE FROM metrics WHERE run_uuid = ANY(ARRAY(SELECT id FROM gone))),
    b AS (DELETE FROM latest_metrics WHERE run_uuid = ANY(ARRAY(SELECT id FROM gone))),
    c AS (DELETE FROM params WHERE run_uuid = ANY(ARRAY(SELECT id FROM gone))),
    d AS (DELETE FROM tags WHERE run_uuid = ANY(ARRAY(SELECT id FROM gone))),
    used AS (
        DELETE FROM inputs WHERE source_type IN ('RUN_INPUT', 'RUN_OUTPUT') AND source_id = ANY(ARRAY(SELECT id FROM gone))
        RETURNING input_uuid
    ),
    using_ AS (
        DELETE FROM inputs WHERE destination_type = 'RUN' AND destination_id = ANY(ARRAY(SELECT id FROM gone)) RETURNING input_uuid
    ),
    e AS (
        DELETE FROM input_tags
        WHERE input_uuid = ANY(ARRAY(SELECT input_uuid FROM used UNION ALL SELECT input_uuid FROM using_))
    ),
    f AS (DELETE FROM entity_associations WHERE source_type = 'run' AND source_id = ANY(ARRAY(SELECT id FROM gone))),
    g AS (DELETE FROM entity_associations WHERE destination_type = 'run' AND destination_id = ANY(ARRAY(SELECT id FROM gone)))
    SELECT id FROM gone
"""
# %(expired)s: the experiments whose time has come, locked. An active model goes only with such an
# experiment, and after its run.
_MODELS = """
    WITH gone AS (
        DELETE FROM logged_models m
        WHERE m.model_id = ANY(%(ids)s)
          AND (
              (m.lifecycle_stage = 'deleted' AND m.last_updated_timestamp_ms <= %(cutoff)s)
              OR (m.lifecycle_stage <> 'deleted' AND m.experiment_id = ANY(%(expired)s)
                  AND NOT EXISTS (SELECT FROM runs r WHERE r.run_uuid = m.source_run_id AND r.experiment_id = m.experiment_id))
          )
          AND NOT EXISTS (SELECT FROM logged_model_tags k WHERE k.model_id = m.model_id AND k.tag_key = 'keep')
          AND NOT EXISTS (SELECT FROM experiment_tags k WHERE k.experiment_id = m.experiment_id AND k.key = 'keep')
        RETURNING m.model_id AS id
    ),
    used AS (
        DELETE FROM inputs
        WHERE destination_type IN ('MODEL_INPUT', 'MODEL_OUTPUT') AND destination_id = ANY(ARRAY(SELECT id FROM gone))
        RETURNING input_uuid
    ),
    a AS (DELETE FROM input_tags WHERE input_uuid = ANY(ARRAY(SELECT input_uuid FROM used))),
    b AS (DELETE FROM entity_associations WHERE source_type = 'model' AND source_id = ANY(ARRAY(SELECT id FROM gone))),
    c AS (DELETE FROM entity_associations WHERE destination_type = 'model' AND destination_id = ANY(ARRAY(SELECT id FROM gone)))
    SELECT id FROM gone
"""
_TRACES = f"""
    WITH gone AS (
        DELETE FROM trace_info t USING experiments e
        WHERE e.experiment_id = t.experiment_id AND t.request_id = ANY(%(ids)s)
          AND (
              t.experiment_id = ANY(%(expired)s)
              OR ({IS_AGED}
                  AND NOT EXISTS (SELECT FROM experiment_tags k WHERE k.experiment_id = t.experiment_id AND k.key = 'keep')
                  AND NOT EXISTS ({KEPT_RUN_OF_TRACE}) AND NOT EXISTS ({REGISTERED_RUN_OF_TRACE}))
          )
          AND NOT EXISTS (SELECT FROM trace_tags k WHERE k.request_id = t.request_id AND k.key = 'keep')
        RETURNING t.request_id AS id
    ),
    a AS (DELETE FROM review_queue_items WHERE item_type = 'trace' AND item_id = ANY(ARRAY(SELECT id FROM gone))),
    b AS (DELETE FROM entity_associations WHERE source_type = 'trace' AND source_id = ANY(ARRAY(SELECT id FROM gone))),
    c AS (DELETE FROM entity_associations WHERE destination_type = 'trace' AND destination_id = ANY(ARRAY(SELECT id FROM gone)))
    SELECT id FROM gone
"""
# Cascades would take along whatever is still in it: it goes only when it is empty.
_EXPERIMENTS = f"""
    WITH gone AS (
        DELETE FROM experiments e
        WHERE e.experiment_id = ANY(%(ids)s::int[]) AND e.experiment_id = ANY(%(expired)s)
          AND e.experiment_id <> {DEFAULT_EXPERIMENT}
          AND NOT EXISTS (SELECT FROM runs r WHERE r.experiment_id = e.experiment_id)
          AND NOT EXISTS (SELECT FROM logged_models m WHERE m.experiment_id = e.experiment_id)
          AND NOT EXISTS (SELECT FROM trace_info t WHERE t.experiment_id = e.experiment_id)
        RETURNING e.experiment_id AS id
    ),
    used AS (
        DELETE FROM inputs
        WHERE source_type = 'DATASET'
          AND source_id = ANY(ARRAY(SELECT dataset_uuid FROM datasets WHERE experiment_id = ANY(ARRAY(SELECT id FROM gone))))
        RETURNING input_uuid
    ),
    a AS (DELETE FROM input_tags WHERE input_uuid = ANY(ARRAY(SELECT input_uuid FROM used))),
    b AS (DELETE FROM experiment_tags WHERE experiment_id = ANY(ARRAY(SELECT id FROM gone))),
    c AS (DELETE FROM online_scoring_configs WHERE experiment_id = ANY(ARRAY(SELECT id FROM gone))),
    d AS (DELETE FROM sql_trace_metric_daily_rollups WHERE experiment_id = ANY(ARRAY(SELECT id FROM gone))),
    e AS (DELETE FROM sql_span_cost_daily_rollups WHERE experiment_id = ANY(ARRAY(SELECT id FROM gone))),
    f AS (DELETE FROM sql_assessment_daily_rollups WHERE experiment_id = ANY(ARRAY(SELECT id FROM gone))),
    g AS (DELETE FROM sql_trace_rollup_rebuild_queue WHERE experiment_id = ANY(ARRAY(SELECT id FROM gone))),
    h AS (DELETE FROM entity_associations WHERE source_type = 'experiment' AND source_id = ANY(ARRAY(SELECT id::text FROM gone))),
    i AS (
        DELETE FROM entity_associations WHERE destination_type = 'experiment' AND destination_id = ANY(ARRAY(SELECT id::text FROM gone))
    )
    SELECT id::text FROM gone
"""
_DELETE = {RUN: _RUNS, MODEL: _MODELS, TRACE: _TRACES, EXPERIMENT: _EXPERIMENTS}

# Whoever restores the experiment waits for us, or we see that he has restored it.
_EXPIRED = """
    SELECT experiment_id FROM experiments e
    WHERE experiment_id = ANY(%(experiments)s) AND lifecycle_stage = 'deleted' AND last_update_time <= %(cutoff)s
      AND NOT EXISTS (SELECT FROM experiment_tags k WHERE k.experiment_id = e.experiment_id AND k.key = 'keep')
    ORDER BY experiment_id FOR SHARE
"""
_EXISTING = {
    RUN: "SELECT run_uuid FROM runs WHERE run_uuid = ANY(%s)",
    MODEL: "SELECT model_id FROM logged_models WHERE model_id = ANY(%s)",
    TRACE: "SELECT request_id FROM trace_info WHERE request_id = ANY(%s)",
    EXPERIMENT: "SELECT experiment_id::text FROM experiments WHERE experiment_id = ANY(%s::int[])",
}


def delete_rows(
    connection: Connection,
    items: Sequence[Item],
    cutoffs: Cutoffs,
    registered: Callable[[Sequence[Item]], set[str]],
) -> list[Item]:
    """Deletes the rows of items of one kind in one transaction and returns the items that went.

    `registered` is asked at the end, before the commit, for the ids of those that a model version needs by now: they stay.
    """
    remaining = list(items)
    while remaining:
        gone = _delete(connection, remaining, cutoffs)
        needed = registered(gone)
        if not needed:
            connection.commit()
            return gone
        connection.rollback()
        remaining = [item for item in remaining if item.id not in needed]
    return []


def _delete(connection: Connection, items: Sequence[Item], cutoffs: Cutoffs) -> list[Item]:
    kind = items[0].kind
    ids = [item.id for item in items]
    values: dict[str, object] = {"ids": ids, **cutoffs.values(ids)}
    with connection.cursor() as cursor:
        if kind != RUN:
            cursor.execute(
                _EXPIRED, {**values, "experiments": sorted({item.experiment for item in items})}
            )
            values["expired"] = [row[0] for row in cursor.fetchall()]
        cursor.execute(_DELETE[kind], values)
        gone = {row[0] for row in cursor.fetchall()}
    return [item for item in items if item.id in gone]


def without_rows(connection: Connection, items: Sequence[Item]) -> list[Item]:
    """Of items of one kind those whose row is gone."""
    with connection.cursor() as cursor:
        cursor.execute(_EXISTING[items[0].kind], ([item.id for item in items],))
        there = {str(row[0]) for row in cursor.fetchall()}
    connection.rollback()
    return [item for item in items if item.id not in there]


def elsewhere(connection: Connection, store: ArtifactStore, items: Sequence[Item]) -> list[Item]:
    """Items that name another location than their experiment, which is still there, has."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT experiment_id, artifact_location FROM experiments WHERE experiment_id = ANY(%s)",
            (sorted({item.experiment for item in items}),),
        )
        locations = {
            int(experiment): store.own_prefix(location)
            for experiment, location in cursor.fetchall()
        }
    connection.rollback()
    return [
        item
        for item in items
        if item.experiment in locations and item.location not in (None, locations[item.experiment])
    ]
