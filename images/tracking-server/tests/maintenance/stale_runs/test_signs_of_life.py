"""Whatever a run logs, and whatever its children do, starts the wait anew; wrong times
make no run idle or immortal.
"""

import pytest

from tests.maintenance.stale_runs.looks import look, reasons
from tests.maintenance.world import HOUR, World


@pytest.mark.parametrize(
    "sign",
    [
        "metric",
        "old metric",
        "param",
        "tag",
        "changed tag",
        "removed tag",
        "dataset",
        "model",
        "model tag",
        "trace",
        "child",
    ],
)
def test_whatever_is_logged_in_between_starts_the_wait_anew(world: World, sign: str) -> None:
    experiment = world.experiment("fraud")
    run = world.run(experiment, start=world.now - 30 * HOUR, tags={"colour": "red"})
    model = world.logged_model(experiment, run=run, created=world.now - 30 * HOUR, status=1)
    look(world)
    world.now += 5 * HOUR
    match sign:
        case "metric":
            world.metric(run, world.now)
        case "old metric":
            world.metric(run, world.now - 200 * HOUR, step=-1)
        case "param":
            world.param(run, "depth")
        case "tag":
            world.tag(run, "new")
        case "changed tag":
            world.sql("UPDATE tags SET value = 'green' WHERE run_uuid = %s", run)
        case "removed tag":
            world.sql("DELETE FROM tags WHERE run_uuid = %s", run)
        case "dataset":
            world.sql(
                "INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id) "
                "VALUES ('i', 'DATASET', 'd', 'RUN', %s)",
                run,
            )
        case "model":
            world.logged_model(experiment, run=run, created=0)
        case "model tag":
            world.sql("INSERT INTO logged_model_tags VALUES (%s, %s, 'k', 'v')", model, experiment)
        case "trace":
            world.trace(experiment, at=0, run=run)
        case "child":
            world.run(experiment, status="FINISHED", tags={"mlflow.parentRunId": run})
    assert look(world, after=2).summary["kept"] == {"active": 1}
    assert look(world, after=5.9).summary["kept"] == {"active": 1}
    assert look(world, after=0.2).summary["ended"] == 1


@pytest.mark.parametrize("where", ["run", "logged model"])
def test_an_artifact_is_a_sign_of_life(world: World, where: str) -> None:
    """The object store's clock is real, so the look-back is moved: the object is as young as the test."""
    experiment = world.experiment("fraud")
    run = world.run(experiment, start=world.now - 30 * HOUR)
    model = world.logged_model(experiment, run=run, created=world.now - 30 * HOUR)
    real = world.now
    world.now = real - 7 * HOUR
    look(world)
    world.now = real + 5 * HOUR
    prefix = f"{experiment}/{run}" if where == "run" else f"{experiment}/models/{model}"
    world.put(f"artifacts/{prefix}/artifacts/deep/model.pkl")
    dry = look(world, dry_run=True)
    assert reasons(dry) == {run: "active"}
    assert look(world, after=1.1, dry_run=True).of("stale")[0]["id"] == run


def test_objects_of_other_runs_are_no_sign_of_life(world: World) -> None:
    experiment = world.experiment("fraud")
    run = world.run(experiment, start=world.now - 30 * HOUR)
    real = world.now
    world.now = real - 7 * HOUR
    look(world)
    world.now = real + HOUR
    world.put(f"artifacts/{experiment}/{run}/artifacts-of-another/x")
    world.put(f"artifacts/{experiment}/{run}0/artifacts/x")
    assert look(world).summary["ended"] == 1


def test_a_store_whose_clock_is_ahead_keeps_no_run_for_ever(world: World) -> None:
    experiment = world.experiment("fraud")
    run = world.run(experiment, start=world.now - 200 * HOUR)
    world.put(f"artifacts/{experiment}/{run}/artifacts/x")
    world.now -= 100 * HOUR
    look(world)
    assert look(world, after=7).summary["kept"] == {"active": 1}, "the object was seen only now"
    assert look(world, after=5.9).summary["kept"] == {"active": 1}
    assert look(world, after=0.2).summary["ended"] == 1


@pytest.mark.parametrize("start", [None, 0])
def test_without_a_start_time_the_first_sign_counts(world: World, start: int | None) -> None:
    experiment = world.experiment("fraud")
    logged = world.run(experiment, start=start)
    world.metric(logged, (world.now - 25 * HOUR) // 1000)
    nothing = world.run(experiment, start=start)
    look(world)
    dry = look(world, after=6, dry_run=True)
    assert [one["id"] for one in dry.of("stale")] == [logged]
    assert reasons(dry) == {nothing: "recent"}
    assert look(world).summary["ended"] == 1
    assert look(world, after=17.9).summary["ended"] == 0
    assert look(world, after=0.2).summary["ended"] == 1


@pytest.mark.parametrize("offset", [10, 10_000, 10_000_000])
@pytest.mark.parametrize("unit", [1000, 1])
def test_metrics_with_wrong_times_make_no_run_idle_or_immortal(
    world: World, offset: int, unit: int
) -> None:
    experiment = world.experiment("fraud")
    ahead = world.run(experiment, start=world.now - 30 * HOUR)
    world.metric(ahead, (world.now + offset * HOUR) // unit)
    assert look(world).summary["kept"] == {"active": 1}
    assert look(world, after=5.9).summary["kept"] == {"active": 1}
    assert look(world, after=0.2).summary["ended"] == 1


def test_steps_as_times_and_seconds(world: World) -> None:
    experiment = world.experiment("fraud")
    steps = world.run(experiment, start=world.now - 30 * HOUR)
    seconds = world.run(experiment, start=world.now - 30 * HOUR)
    world.metric(steps, 1)
    look(world)
    world.now += 5 * HOUR
    world.metric(steps, 2)
    world.metric(seconds, world.now // 1000)
    look(world, after=0.1)
    dry = look(world, after=5, dry_run=True)
    assert reasons(dry) == {steps: "active", seconds: "active"}
    assert look(world, after=1).summary["ended"] == 2


def test_a_parent_waits_for_a_running_child(world: World) -> None:
    experiment = world.experiment("sweep")
    parent = world.run(experiment, start=world.now - 60 * HOUR)
    child = world.run(experiment, start=world.now - 50 * HOUR, tags={"mlflow.parentRunId": parent})
    grandchild = world.run(
        experiment, start=world.now - 40 * HOUR, tags={"mlflow.parentRunId": child}
    )
    look(world)
    world.now += 5 * HOUR
    world.metric(grandchild, world.now)
    dry = look(world, after=2, dry_run=True)
    assert reasons(dry) == {parent: "child-running", child: "child-running", grandchild: "active"}
    look(world)
    assert look(world, after=6).summary["ended"] == 3


def test_a_finished_child_shows_that_its_parent_lived_and_one_that_was_ended_does_not(
    world: World,
) -> None:
    experiment = world.experiment("sweep")
    parent = world.run(experiment, start=world.now - 60 * HOUR)
    child = world.run(
        experiment,
        status="FINISHED",
        start=world.now - 9 * HOUR,
        end=world.now - HOUR,
        tags={"mlflow.parentRunId": parent},
    )
    real = world.now
    world.now = real - 7 * HOUR
    look(world)
    world.now = real
    assert reasons(look(world, dry_run=True)) == {parent: "active"}
    world.tag(child, "stale-run.time", "x")
    assert [one["id"] for one in look(world, dry_run=True).of("stale")] == [parent]
    world.sql("UPDATE runs SET start_time = %s WHERE run_uuid = %s", real - HOUR, child)
    assert reasons(look(world, dry_run=True)) == {parent: "active"}, "it was started an hour ago"


def test_a_resumed_run_is_new(world: World) -> None:
    """Finished and started again between two looks: the state is RUNNING both times, the end that MLflow leaves in the row tells."""
    run = world.run(world.experiment("fraud"), start=world.now - 300 * HOUR)
    look(world)
    world.sql("UPDATE runs SET end_time = %s WHERE run_uuid = %s", world.now + HOUR, run)
    assert look(world, after=7).summary["stale"] == 0
    assert look(world, after=17).summary["stale"] == 0
    assert look(world, after=1.1).summary["ended"] == 1


def test_artifacts_elsewhere_can_not_be_looked_at(world: World) -> None:
    experiment = world.experiment("fraud")
    away = [
        world.run(experiment, start=world.now - 90 * HOUR, uri=uri)
        for uri in ("s3://somebody-elses/x", "dbfs:/x", "mlflow-artifacts:/")
    ]
    hosted = world.run(
        experiment, start=world.now - 90 * HOUR, uri="mlflow-artifacts://host:80/1/x/artifacts"
    )
    look(world)
    dry = look(world, after=7, dry_run=True)
    assert reasons(dry) == dict.fromkeys(away, "not-in-bucket")
    assert [one["id"] for one in dry.of("stale")] == [hosted]
