"""One named thing goes now, whole, and takes nothing that is not its own."""

from mlflow_instance.maintenance.items import EXPERIMENT, MODEL, RUN, TRACE
from tests.maintenance.deleted import deleted_experiment, deleted_run, logged_model, trace
from tests.maintenance.purge.calls import clean, refused, remove
from tests.maintenance.world import World


def test_an_experiment_goes_with_all_that_is_in_it_and_its_name_is_free(world: World) -> None:
    gone = deleted_experiment(world, "north depot", age=0)
    neighbour = deleted_experiment(world, "south depot")
    run, other = deleted_run(world, gone, age=0), deleted_run(world, neighbour)
    model, made = logged_model(world, gone), trace(world, gone)
    world.param(run, "a")
    loose = world.put(f"artifacts/{gone}/loose")
    said = clean(world, EXPERIMENT, "north depot", "north depot")
    assert {one["id"] for one in said.of("remove")} == {str(gone), run, model, made}
    assert {name: n for name, n in said.summary["removed"].items() if n} == {
        "runs": 1, "loggedModels": 1, "traces": 1, "experiments": 1, "objects": 4, "bytes": 10
    }  # fmt: skip
    assert said.summary["rows"]["params"] == said.summary["rows"]["runs"] == 1
    assert loose not in world.keys() and world.keys("artifacts/") == [
        f"artifacts/{neighbour}/{other}/artifacts/model/weights"
    ]
    world.experiment("north depot")


def test_a_run_a_model_and_a_trace_go_alone(world: World) -> None:
    experiment = world.experiment("active")
    other, kept_model, kept_trace = (
        deleted_run(world, experiment, age=0),
        logged_model(world, experiment),
        trace(world, experiment),
    )
    for by_name in (True, False):
        run, model, made = (
            deleted_run(world, experiment, age=0),
            logged_model(world, experiment, age=0),
            trace(world, experiment),
        )
        world.sql("UPDATE logged_models SET name = 'mine' WHERE model_id = %s", model)
        name = f"run-{run[:4]}"
        clean(world, RUN, name if by_name else run, name)
        clean(world, MODEL, "mine" if by_name else model, "mine")
        clean(world, TRACE, made, made)
    assert {row[0] for row in world.sql("SELECT run_uuid FROM runs")} == {other}
    assert {row[0] for row in world.sql("SELECT model_id FROM logged_models")} == {kept_model}
    assert {row[0] for row in world.sql("SELECT request_id FROM trace_info")} == {kept_trace}
    assert len(world.keys("artifacts/")) == 3


def test_a_parent_goes_without_its_children(world: World) -> None:
    experiment = world.experiment("active")
    parent = deleted_run(world, experiment, age=0)
    child = deleted_run(world, experiment, age=0, tags={"mlflow.parentRunId": parent})
    said = clean(world, RUN, parent, f"run-{parent[:4]}")
    assert "1 runs are nested" in said.of("warning")[0]["message"]
    assert world.sql("SELECT run_uuid FROM runs") == [(child,)]


def test_an_experiment_in_somebody_elses_folder_takes_nothing_of_theirs(world: World) -> None:
    experiment = world.experiment("active")
    run = world.run(experiment)
    keys = [
        world.put(f"artifacts/{experiment}/{run}/artifacts/{name}")
        for name in ("a", "models/x/artifacts/b")
    ]
    for number, where in enumerate(
        (f"{experiment}", f"{experiment}/{run}", f"{experiment}/{run}/artifacts", "")
    ):
        gone = deleted_experiment(world, f"hostile {number}", location=f"mlflow-artifacts:/{where}")
        outcome = remove(world, EXPERIMENT, f"hostile {number}", f"hostile {number}")
        assert outcome.code in (0, 2), (gone, outcome.events)
        assert world.keys("artifacts/") == sorted(keys)


def test_what_is_gone_already_is_told(world: World) -> None:
    deleted_experiment(world, "first", age=0)
    assert remove(world, EXPERIMENT, "first", "first").code == 0
    assert "was removed for good by the purge of 20" in refused(world, EXPERIMENT, "first")
