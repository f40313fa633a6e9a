"""What is not deleted, needed by a version, kept by a tag or the default experiment stays, and
nothing of anything goes.
"""

from mlflow_instance.maintenance.items import EXPERIMENT, MODEL, RUN, TRACE
from mlflow_instance.maintenance.retention import retain
from tests.maintenance.deleted import alias, deleted_experiment, deleted_run, logged_model, trace
from tests.maintenance.purge.calls import refused
from tests.maintenance.world import World


def test_what_is_not_deleted_stays(world: World) -> None:
    experiment = world.experiment("active")
    assert "is not deleted: delete it first" in refused(world, EXPERIMENT, "active")
    run, model = world.run(experiment), world.logged_model(experiment)
    assert "is not deleted" in refused(world, RUN, run, f"run-{run[:4]}")
    assert "is not deleted" in refused(world, MODEL, model, "model")


def test_an_experiment_with_an_active_run_stays_whole(world: World) -> None:
    gone = deleted_experiment(world)
    deleted_run(world, gone)
    active = world.run(gone)
    assert f"run {active} is active" in refused(world, EXPERIMENT, "gone")


def test_what_a_registered_version_needs_stays_and_the_version_is_named(world: World) -> None:
    experiment, gone = world.experiment("active"), deleted_experiment(world)
    by_run, by_source, inside = (
        deleted_run(world, experiment),
        deleted_run(world, experiment),
        deleted_run(world, gone),
    )
    model = logged_model(world, experiment, age=0)
    world.version("fraud", 1, f"runs:/{by_run}/model", run=by_run)
    world.version("fraud", 2, f"mlflow-artifacts:/{experiment}/{by_source}/artifacts/model")
    world.version("fraud", 3, f"models:/{model}")
    world.version("fraud\nmlflow-instance-purge: done", 4, f"runs:/{inside}/model", run=inside)
    alias(world, "fraud", 1, "champion")
    assert "(registered: model fraud version 1, alias champion)" in refused(
        world, RUN, by_run, f"run-{by_run[:4]}"
    )
    assert "model fraud version 2" in refused(world, RUN, by_source, f"run-{by_source[:4]}")
    assert "model fraud version 3" in refused(world, MODEL, model, "model")
    message = refused(world, EXPERIMENT, "gone")
    assert "version 4" in message and "\n" not in message and "2 such in all" in message


def test_what_has_the_tag_keep_stays(world: World) -> None:
    for where in ("run", "experiment", "inside", "trace", "run of trace", "experiment of trace"):
        experiment = (
            deleted_experiment(world, where) if where == "inside" else world.experiment(where)
        )
        run = deleted_run(world, experiment)
        made = trace(world, experiment, run=run)
        if where in ("run", "inside", "run of trace"):
            world.tag(run, "keep")
        elif where == "trace":
            world.sql(
                "INSERT INTO trace_tags (request_id, key, value) VALUES (%s, 'keep', '')", made
            )
        else:
            world.sql(
                "INSERT INTO experiment_tags (experiment_id, key, value) VALUES (%s, 'keep', '')",
                experiment,
            )
        kind, what = (
            (TRACE, made)
            if "trace" in where
            else (EXPERIMENT, where)
            if where == "inside"
            else (RUN, run)
        )
        assert "tag keep" in refused(world, kind, what, {RUN: f"run-{run[:4]}"}.get(kind, what))


def test_a_trace_of_a_registered_run_stays(world: World) -> None:
    experiment = world.experiment("active")
    run = world.run(experiment)
    linked, made = trace(world, experiment), trace(world, experiment, run=run)
    world.version("fraud", 1, f"runs:/{run}/model")
    world.sql(
        "INSERT INTO entity_associations (association_id, source_type, source_id, destination_type, destination_id) "
        "VALUES ('a', 'trace', %s, 'run', %s)",
        linked,
        run,
    )
    for one in (made, linked):
        assert "model fraud version 1" in refused(world, TRACE, one)


def test_the_default_experiment_stays_for_purge_and_for_retention(world: World) -> None:
    """Without it the server makes it at its next start, and fails when the name is taken."""
    world.sql(
        "UPDATE experiments SET lifecycle_stage = 'deleted', last_update_time = 0 WHERE experiment_id = 0"
    )
    run = deleted_run(world, 0)
    for wanted in ("0", "Default"):
        assert "default experiment" in refused(world, EXPERIMENT, wanted, "Default")
    done = world.run_job(retain, command="retention")
    assert done.code == 0 and done.summary["kept"] == {"default-experiment": 1}
    assert (
        world.sql("SELECT experiment_id FROM experiments") == [(0,)]
        and world.keys(f"artifacts/0/{run}") == []
    )
