"""Restoring within the grace period, and what is said when that is not possible."""

import json

import pytest
from mlflow.entities import ViewType
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from mlflow_instance.maintenance import restore
from mlflow_instance.maintenance.restore import restoring
from tests.maintenance.world import Outcome, World


def take_back(world: World, wanted: str) -> Outcome:
    return world.run_job(restoring(wanted), command="restore")


def refused(world: World, wanted: str) -> str:
    before = everything(world)
    outcome = take_back(world, wanted)
    assert outcome.code == 2
    assert [one["event"] for one in outcome.events] == ["error"]
    assert everything(world) == before
    return str(outcome.events[0]["message"])


def everything(world: World) -> list[object]:
    return [
        world.sql(f"SELECT * FROM {table} ORDER BY 1")
        for table in ("experiments", "runs", "logged_models")
    ]


@pytest.mark.parametrize("by", ["id", "name"])
def test_an_experiment_comes_back_with_its_runs_as_mlflow_itself_restores_it(
    world: World, by: str
) -> None:
    """The same two experiments, one restored by MLflow's store and one by the command, end with the same rows."""
    store = SqlAlchemyStore(world.owner_uri, "mlflow-artifacts:/")
    ids = []
    for name in ("ours", "theirs"):
        experiment = store.create_experiment(name)
        ids.append(experiment)
        runs = [store.create_run(experiment, "u", 5, [], f"run-{number}") for number in range(3)]
        store.delete_run(runs[0].info.run_id)
        model = store.create_logged_model(experiment, "model")
        store.delete_logged_model(model.model_id)
        store.create_logged_model(experiment, "active")
        store.delete_experiment(experiment)
        store.restore_run(runs[2].info.run_id)
    other = store.create_experiment("other")
    store.delete_experiment(other)

    outcome = take_back(world, ids[0] if by == "id" else "ours")
    assert outcome.code == 0
    assert outcome.of("restored") == [
        {"event": "restored", "kind": "experiment", "id": ids[0], "name": "ours"}
    ]
    assert outcome.summary["runs"] == 2, "one was active"
    store.restore_experiment(ids[1])
    rows = [
        (
            world.sql("SELECT lifecycle_stage FROM experiments WHERE experiment_id = %s", int(id_)),
            world.sql(
                "SELECT name, status, lifecycle_stage, deleted_time, start_time, end_time FROM runs WHERE experiment_id = %s ORDER BY 1",
                int(id_),
            ),
            world.sql(
                "SELECT name, lifecycle_stage FROM logged_models WHERE experiment_id = %s ORDER BY 1",
                int(id_),
            ),
        )
        for id_ in ids
    ]
    assert rows[0] == rows[1]
    assert {one.name for one in store.search_experiments(ViewType.DELETED_ONLY)} == {"other"}
    ((updated,),) = world.sql(
        "SELECT last_update_time FROM experiments WHERE experiment_id = %s", int(ids[0])
    )
    assert updated == world.now
    assert "is not deleted" in refused(world, ids[0])


def test_a_run_comes_back_alone(world: World) -> None:
    experiment = world.experiment("fraud")
    run, other = (
        world.run(experiment, stage="deleted", deleted=5, status="FINISHED") for _ in range(2)
    )
    outcome = take_back(world, run)
    assert outcome.code == 0
    assert outcome.of("restored")[0] == {
        "event": "restored",
        "kind": "run",
        "id": run,
        "name": f"run-{run[:4]}",
    }
    assert dict(
        (one[0], one[1:])
        for one in world.sql("SELECT run_uuid, lifecycle_stage, deleted_time, status FROM runs")
    ) == {
        run: ("active", None, "FINISHED"),
        other: ("deleted", 5, "FINISHED"),
    }


def test_a_logged_model_comes_back_alone(world: World) -> None:
    experiment = world.experiment("fraud")
    model, other = (world.logged_model(experiment, stage="deleted", created=5) for _ in range(2))
    assert take_back(world, model).of("restored")[0]["kind"] == "loggedModel"
    assert dict(
        (one[0], one[1:])
        for one in world.sql(
            "SELECT model_id, lifecycle_stage, last_updated_timestamp_ms FROM logged_models"
        )
    ) == {
        model: ("active", world.now),
        other: ("deleted", 5),
    }


def test_what_is_in_a_deleted_experiment_names_the_experiment(world: World) -> None:
    experiment = world.experiment("gone", stage="deleted")
    run = world.run(experiment, stage="deleted", deleted=5)
    model = world.logged_model(experiment, stage="deleted")
    for one, word in ((run, "run 'run-"), (model, "logged model 'model'")):
        message = refused(world, one)
        assert message.startswith(word)
        assert f"is in the deleted experiment 'gone' ({experiment}): restore that" in message


def test_what_is_active_is_not_deleted(world: World) -> None:
    experiment = world.experiment("alive")
    run, model = world.run(experiment), world.logged_model(experiment)
    assert (
        refused(world, "alive")
        == f"experiment 'alive' ({experiment}) is not deleted; nothing was changed"
    )
    assert (
        refused(world, str(experiment))
        == f"experiment 'alive' ({experiment}) is not deleted; nothing was changed"
    )
    assert refused(world, run) == f"run 'run-{run[:4]}' ({run}) is not deleted; nothing was changed"
    assert (
        refused(world, model)
        == f"logged model 'model' ({model}) is not deleted; nothing was changed"
    )


@pytest.mark.parametrize(
    "wanted",
    [
        "4711",
        "no such",
        "m-0123",
        "0" * 32,
        "9" * 40,
        "-1",
        "%",
        "'",
        "ALIVE",
        "aliv",
        "²",
        "٣",
        "--all",
    ],
)
def test_what_never_was_is_not_known(world: World, wanted: str) -> None:
    world.experiment("alive", stage="deleted")
    assert (
        refused(world, wanted)
        == f"no experiment, run or logged model has the id or name {wanted!r}, and none was removed"
    )


def test_what_was_removed_says_when(world: World) -> None:
    def plan(folder: str, finished: bool, *items: tuple[str, str, str | None, str | None]) -> None:
        lines = [
            {
                "kind": kind,
                "id": id_,
                "name": name,
                "experiment": int(id_) if kind == "experiment" else 7,
                "deleted": deleted,
                "prefixes": [],
            }
            for kind, id_, name, deleted in items
        ]
        world.put(
            f"maintenance/retention/{folder}/plan-0001.jsonl",
            "".join(json.dumps(line) + "\n" for line in lines).encode(),
        )
        if finished:
            world.put(f"maintenance/retention/{folder}/report.json", b"{}")

    old, new = "2026-11-20T02-17-00Z-aaaaaa", "2026-11-21T02-17-00Z-bbbbbb"
    plan(
        old,
        True,
        ("experiment", "7", "fraud", "2026-10-01T00:00:00Z"),
        ("run", "a" * 32, "run-a", None),
    )
    plan(
        new,
        False,
        ("experiment", "9", "fraud", "2026-10-02T00:00:00Z"),
        ("loggedModel", "m-1", None, None),
    )
    assert refused(world, "fraud") == (
        "experiment 'fraud' (9), deleted 2026-10-02T00:00:00Z, was removed for good by the retention run of 2026-11-21T02:17:00Z "
        f"and can't be restored (plan: maintenance/retention/{new}/)"
    )
    assert refused(world, "7").startswith(
        "experiment 'fraud' (7), deleted 2026-10-01T00:00:00Z, was removed for good by the retention run of 2026-11-20"
    )
    assert refused(world, "a" * 32).startswith(f"run 'run-a' ({'a' * 32}) was removed for good")
    assert refused(world, "m-1").startswith("logged model (m-1) was removed for good")
    assert refused(world, "run-a").startswith("no experiment, run or logged model"), (
        "runs have no unique names"
    )


def test_an_id_comes_before_a_name_and_what_is_deleted_before_what_is_not(world: World) -> None:
    first = world.experiment("first", stage="deleted")
    namesake = world.experiment(str(first), stage="deleted")
    assert take_back(world, str(first)).of("restored")[0]["id"] == str(first)
    assert take_back(world, str(first)).of("restored")[0]["id"] == str(namesake)
    assert "is not deleted" in refused(world, str(first))


def test_one_name_in_two_workspaces_needs_the_id(world: World) -> None:
    ids = [world.experiment("shared", stage="deleted")]
    world.sql("UPDATE experiments SET workspace = 'a' WHERE name = 'shared'")
    ids.append(world.experiment("shared", stage="deleted"))
    assert (
        refused(world, "shared")
        == f"several deleted experiments are named 'shared' (ids {ids[0]}, {ids[1]}): give the id"
    )
    assert take_back(world, str(ids[1])).code == 0
    assert take_back(world, "shared").of("restored")[0]["id"] == str(ids[0])


@pytest.mark.parametrize("arguments", [[], ["a", "b"], [""], [" "]])
def test_wrong_arguments_touch_nothing(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["mlflow-instance-restore", *arguments])
    assert restore.main() == 2
    assert "expected one argument" in capsys.readouterr().err
