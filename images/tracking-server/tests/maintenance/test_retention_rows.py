"""Nothing in the database refers to what was removed, in any table that this MLflow has, and nothing else is touched."""

import json
import re
from typing import Any

import pytest

from mlflow_instance.maintenance.privileges import RETENTION
from mlflow_instance.maintenance.retention import retain
from mlflow_instance.maintenance.schema import KNOWN_REVISION
from mlflow_instance.schema import head_revision
from tests.maintenance.emptied import EmptiedWorld
from tests.maintenance.every_table import TABLES, fill
from tests.maintenance.world import World, days


@pytest.fixture
def world(emptied_world: EmptiedWorld) -> World:
    return emptied_world.again()


RUN, MODEL, TRACE, EXPERIMENT, DATASET = (
    "with the run",
    "with the model",
    "with the trace",
    "with the experiment",
    "with its dataset",
)
# Every column that may name something that retention removes, and when its row goes.
GOES = {
    "runs.run_uuid": RUN,
    "tags.run_uuid": RUN,
    "params.run_uuid": RUN,
    "metrics.run_uuid": RUN,
    "latest_metrics.run_uuid": RUN,
    "logged_model_metrics.run_id": RUN,
    "inputs.source_id": RUN,
    "inputs.destination_id": RUN,
    "inputs.input_uuid": RUN,
    "input_tags.input_uuid": RUN,
    "entity_associations.source_id": RUN,
    "entity_associations.destination_id": RUN,
    "logged_models.model_id": MODEL,
    "logged_model_metrics.model_id": MODEL,
    "logged_model_params.model_id": MODEL,
    "logged_model_tags.model_id": MODEL,
    "trace_info.request_id": TRACE,
    "trace_tags.request_id": TRACE,
    "trace_request_metadata.request_id": TRACE,
    "trace_metrics.request_id": TRACE,
    "spans.trace_id": TRACE,
    "span_metrics.trace_id": TRACE,
    "assessments.trace_id": TRACE,
    "review_queue_items.item_id": TRACE,
    "datasets.dataset_uuid": EXPERIMENT,
    **{
        f"{table}.experiment_id": EXPERIMENT
        for table in (
            "experiments",
            "experiment_tags",
            "runs",
            "logged_models",
            "logged_model_metrics",
            "logged_model_params",
            "logged_model_tags",
            "datasets",
            "trace_info",
            "spans",
            "assessments",
            "scorers",
            "online_scoring_configs",
            "issues",
            "label_schemas",
            "review_queues",
            "sql_trace_metric_daily_rollups",
            "sql_span_cost_daily_rollups",
            "sql_assessment_daily_rollups",
            "sql_trace_rollup_rebuild_queue",
        )
    },
}
STAYS = {
    "model_versions.run_id": "protects its run; a version that is deleted itself is REDACTED by MLflow",
    "logged_models.source_run_id": "lineage: an active model outlives its run, as in mlflow gc",
    "logged_model_metrics.dataset_uuid": "lineage of a metric that goes with its model or run",
    "assessments.run_id": "an assessment belongs to its trace",
    "issues.source_run_id": "ON DELETE SET NULL: the issue belongs to its experiment",
    "endpoints.experiment_id": "ON DELETE SET NULL: a gateway endpoint outlives the experiment that counts its use",
    "trace_info.client_request_id": "the client's own name for its request",
    "evaluation_datasets.dataset_id": "evaluation datasets have a deletion of their own and belong to no experiment",
    "evaluation_dataset_records.dataset_id": "see evaluation_datasets",
    "evaluation_dataset_tags.dataset_id": "see evaluation_datasets",
    "evaluation_dataset_records.source_id": "where a record came from: text in the user's own data",
    "assessments.source_id": "who assessed",
    "jobs.id": "background jobs have a deletion of their own (mlflow gc --jobs) and are off in an instance",
}
_MAY_NAME = re.compile(
    r"(^|_)(run|experiment|trace|request|model|item|source|destination|dataset|input)_(id|uuid)$|^(source|destination|item)_id$|^jobs\.id$"
)


def test_every_column_that_may_name_a_removed_thing_is_decided_on() -> None:
    columns = {
        f"{table.name}.{column.name}"
        for table in TABLES
        for column in table.columns
        if _MAY_NAME.search(column.name)
    }
    assert columns - GOES.keys() - STAYS.keys() == set(), (
        "new in this MLflow: rows.py has to remove them, or STAYS has to say why not"
    )
    everything = {f"{table.name}.{column.name}" for table in TABLES for column in table.columns}
    assert (GOES.keys() | STAYS.keys()) - everything == set(), "gone from this MLflow"


def test_the_schema_that_maintenance_knows_is_this_mlflows() -> None:
    assert head_revision() == KNOWN_REVISION


def test_the_metadata_is_what_the_migrations_make(world: World) -> None:
    """Else the tests above would look at other tables than the job meets."""
    real = {
        str(row[0])
        for row in world.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    }
    assert real - {"alembic_version"} == {table.name for table in TABLES}


def everything(world: World) -> dict[str, list[str]]:
    tables = [
        str(row[0])
        for row in world.sql(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        )
    ]
    return {
        table: sorted(row[0] for row in world.sql(f'SELECT to_jsonb(t)::text FROM "{table}" t'))
        for table in tables
    }


def named_in(row: str) -> dict[str, str]:
    return {name: str(value) for name, value in json.loads(row).items() if _MAY_NAME.search(name)}


def seed(world: World, name: str, stages: dict[str, str]) -> tuple[int, str, str, str]:
    """An experiment, its run, logged model and trace; `stages` says which of them were deleted long ago."""
    when = world.now - days(60)

    def stage(kind: str) -> dict[str, Any]:
        return {"stage": stages.get(kind, "active")}

    experiment = world.experiment(name, updated=when, **stage("experiment"))
    run = world.run(experiment, deleted=when if "run" in stages else None, **stage("run"))
    return (
        experiment,
        run,
        world.logged_model(experiment, run=run, created=when, **stage("model")),
        world.trace(experiment, at=when),
    )


def remove_what_protects(world: World) -> None:
    for table in (
        "model_version_tags",
        "registered_model_aliases",
        "model_versions",
        "guardrail_configs",
        "guardrails",
    ):
        world.sql(f"DELETE FROM {table}")


@pytest.mark.parametrize("neighbour_first", [True, False])
@pytest.mark.parametrize(
    "kinds", [("experiment", "run"), ("run",), ("model",)], ids=lambda kinds: kinds[0]
)
def test_nothing_is_left_of_what_was_removed_and_nothing_else_is_touched(
    world: World, kinds: tuple[str, ...], neighbour_first: bool
) -> None:
    if neighbour_first:
        fill(world, *seed(world, "neighbour", {}))
    experiment, run, model, trace = seed(world, "removed", dict.fromkeys(kinds, "deleted"))
    filled = fill(world, experiment, run, model, trace)
    if not neighbour_first:
        fill(world, *seed(world, "neighbour", {}))
    remove_what_protects(world)
    before = everything(world)
    assert all(len(before[table.name]) > 1 for table in TABLES if table.name not in NOT_FILLED), (
        "each table has rows to lose and to keep"
    )

    done = world.run_job(retain, command="retention")
    assert done.code == 0, done.events
    whole = kinds[0] == "experiment"
    gone = (
        {str(experiment), run, model, trace, str(filled.ids["dataset_uuid"])}
        if whole
        else {run if kinds[0] == "run" else model}
    )
    assert sum(done.summary["removed"].values()) == (4 if whole else 1)

    after = everything(world)
    for table, rows in after.items():
        stays = {name.partition(".")[2] for name in STAYS if name.startswith(f"{table}.")}
        for row in rows:
            assert not gone & {
                value for name, value in named_in(row).items() if name not in stays
            }, (table, row)
    inputs = {named_in(row)["input_uuid"] for row in set(before["inputs"]) - set(after["inputs"])}
    for table, rows in before.items():
        lost = set(rows) - set(after[table])
        for row in lost:
            named = set(named_in(row).values())
            assert gone & named or inputs & named or (whole and filled.suffix in row), (
                f"{table} lost a row that wasn't the item's: {row}"
            )
        if table not in KEPT_APART:
            assert len(rows) - len(lost) == len(after[table]), f"rows of {table} were changed"


# Filled and emptied above, or made for the whole instance.
NOT_FILLED = {
    "workspaces",
    "model_version_tags",
    "registered_model_aliases",
    "model_versions",
    "guardrail_configs",
    "guardrails",
}
# ON DELETE SET NULL changes a row that stays.
KEPT_APART = {"endpoints", "issues"}


def test_a_cascade_that_the_job_relies_on_is_in_the_database(world: World) -> None:
    """Rows of these tables aren't named by rows.py: PostgreSQL takes them along."""
    deleted = set(RETENTION.delete)
    relied = {name.partition(".")[0] for name in GOES} - deleted
    found = {
        str(child)
        for (child,) in world.sql(
            "SELECT conrelid::regclass::text FROM pg_constraint "
            "WHERE contype = 'f' AND confdeltype = 'c' AND connamespace = 'public'::regnamespace"
        )
    }
    assert relied - found == set()
