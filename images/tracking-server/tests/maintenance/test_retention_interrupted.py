"""Killed at every step, or with the database or the store away: the next run ends in the
state of a run that was left alone.
"""

import signal
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest

from mlflow_instance.database import parse_uri
from mlflow_instance.maintenance import bucket as bucket_module
from mlflow_instance.maintenance import removal, report
from mlflow_instance.maintenance.bucket import Bucket
from mlflow_instance.maintenance.errors import StoreUnreachable
from mlflow_instance.maintenance.privileges import RETENTION
from mlflow_instance.maintenance.retention import retain
from tests.maintenance.interrupted import (
    Scene,
    copy,
    hostile,
    is_as_undisturbed,
    plant,
    rows,
    second_run,
    seed,
    whole_or_gone,
)
from tests.maintenance.steps import run_in_child
from tests.maintenance.world import World, make_world
from tests.support.postgres import Postgres
from tests.support.store import ObjectStore


@pytest.fixture(scope="module")
def scene(postgres: Postgres, migrated_template: str, object_store: ObjectStore) -> Scene:
    first = make_world(postgres, migrated_template, object_store, RETENTION)
    seed(first)
    hostile(first)
    objects = first.read_all()
    first.rows.close()
    scene = Scene(first.owner_uri, objects, first.now, {}, [])
    undisturbed = copy(scene, postgres, object_store)
    done = undisturbed.run_job(retain, command="retention")
    assert done.code == 0
    assert {name: n for name, n in done.summary["removed"].items() if name != "bytes"} == {
        "runs": 5,
        "loggedModels": 2,
        "traces": 2,
        "experiments": 1,
        "objects": 15,
    }
    scene.rows, scene.keys = rows(undisturbed), undisturbed.keys("artifacts/")
    undisturbed.rows.close()
    return scene


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few items make several parts, transactions and calls."""
    monkeypatch.setattr(report, "ITEMS_PER_PART", 4)
    monkeypatch.setattr(removal, "_ITEMS_PER_TRANSACTION", 2)


@pytest.fixture
def world(scene: Scene, postgres: Postgres, object_store: ObjectStore) -> Iterator[World]:
    world = copy(scene, postgres, object_store)
    yield world
    world.rows.close()


def test_killed_at_every_single_step(
    scene: Scene, postgres: Postgres, object_store: ObjectStore
) -> None:
    world = plant(copy(scene, postgres, object_store))
    code, steps = run_in_child(world, None)
    assert code == 0 and steps > 60
    is_as_undisturbed(world, scene)
    world.rows.close()
    resumed = 0
    for kill_at in range(1, steps + 1):
        world = plant(copy(scene, postgres, object_store))
        code, _ = run_in_child(world, kill_at)
        assert code == -signal.SIGKILL, f"step {kill_at} of {steps}"
        whole_or_gone(world, scene)
        # Twice: the second is killed as well where it may take up what the first left.
        if kill_at % 5 == 0:
            assert run_in_child(world, kill_at // 2)[0] == -signal.SIGKILL
            whole_or_gone(world, scene)
        done = second_run(world, scene, told=True)
        resumed += done.summary["finished"]["objects"] > 0
        world.rows.close()
    assert resumed > 5, "some of the kills left objects for the next run"


def test_the_store_goes_away_in_the_middle(
    world: World, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, calls = Bucket._call, 0

    def away(self: Bucket, what: str, function: Any) -> Any:
        nonlocal calls
        calls += what == "delete"
        if calls > 3:
            raise StoreUnreachable("bucket x: the object store does not answer")
        return plain(self, what, function)

    monkeypatch.setattr(Bucket, "_call", away)
    broken = world.run_job(retain, command="retention")
    assert (broken.code, broken.events[-1]["event"]) == (1, "error")
    assert rows(world) != scene.rows
    whole_or_gone(world, scene)
    monkeypatch.setattr(Bucket, "_call", plain)
    assert second_run(world, scene).summary["finished"]["objects"] > 0


def test_the_store_is_away_when_the_plan_is_written(
    world: World, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, before = Bucket._call, rows(world)

    def away(self: Bucket, what: str, function: Any) -> Any:
        if what.startswith("write") and "plan-0002" in what:
            raise StoreUnreachable("bucket x: the object store does not answer")
        return plain(self, what, function)

    monkeypatch.setattr(Bucket, "_call", away)
    assert world.run_job(retain, command="retention").code == 1
    assert rows(world) == before, "no row goes before the whole plan is written"
    monkeypatch.setattr(Bucket, "_call", plain)
    second_run(world, scene)


@pytest.mark.parametrize("after", range(1, 12, 2))
def test_the_database_goes_away_in_the_middle(
    world: World, scene: Scene, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    plain, calls = removal.delete_rows, 0

    def away(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == after // 2 + 1:
            name = parse_uri(world.job_uri).username
            world.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", name
            )
        return plain(*arguments)

    monkeypatch.setattr(removal, "delete_rows", away)
    with pytest.raises(psycopg2.OperationalError):
        world.run_job(retain, command="retention")
    whole_or_gone(world, scene)
    monkeypatch.setattr(removal, "delete_rows", plain)
    second_run(world, scene)


def test_a_row_that_cannot_go_is_left_and_named_and_the_rest_goes(
    world: World, scene: Scene
) -> None:
    ((run, experiment),) = world.sql(
        "SELECT r.run_uuid, r.experiment_id FROM runs r JOIN experiments e USING (experiment_id) "
        "WHERE e.name = 'active' AND r.lifecycle_stage = 'deleted' ORDER BY r.deleted_time, r.run_uuid LIMIT 1"
    )
    world.sql("CREATE TABLE someone_elses (run text REFERENCES runs (run_uuid))")
    world.sql("INSERT INTO someone_elses VALUES (%s)", run)
    failing = world.run_job(retain, command="retention")
    assert failing.code == 3
    (failure,) = failing.of("fail")
    assert (failure["kind"], failure["id"]) == ("run", run) and "someone_elses" in failure[
        "message"
    ]
    assert failing.summary["failed"] == 1 and failing.summary["removed"]["runs"] == 4
    assert {key for key in world.keys("artifacts/")} - set(scene.keys) == {
        f"artifacts/{experiment}/{run}/artifacts/{name}" for name in ("a", "b/c")
    }
    world.sql("DROP TABLE someone_elses")
    assert second_run(world, scene).summary["removed"]["runs"] == 1


def test_an_object_that_cannot_go_is_named_and_the_next_run_takes_it(
    world: World, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = next(
        key for key in sorted(scene.objects) if key not in scene.keys and key.endswith("/a")
    )
    plain = Bucket._delete

    def held(self: Bucket, objects: list[dict[str, str]]) -> list[bucket_module.Failure]:
        refused = [
            bucket_module.Failure(item["Key"], "AccessDenied: held")
            for item in objects
            if item["Key"] == stuck
        ]
        return plain(self, [item for item in objects if item["Key"] != stuck]) + refused

    monkeypatch.setattr(Bucket, "_delete", held)
    for _ in range(2):
        failing = world.run_job(retain, command="retention")
        assert failing.code == 3
        (failure,) = failing.of("fail")
        assert (
            failure["id"] == stuck.split("/")[2]
            and "held" in failure["message"]
            and stuck in failure["message"]
        )
        assert set(world.keys("artifacts/")) - set(scene.keys) == {stuck}
    monkeypatch.setattr(Bucket, "_delete", plain)
    assert second_run(world, scene).summary["finished"]["objects"] == 1


def test_a_restored_database_has_nothing_removed_that_it_shows(
    world: World, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that came back with a backup, after a plan named them: they aren't the plan's any more."""
    monkeypatch.setattr(removal, "delete_rows", lambda connection, items, *_: [])
    planned = world.run_job(retain, command="retention")
    assert planned.code == 0 and planned.summary["changed"] == 10
    monkeypatch.undo()
    folder = planned.summary["report"]
    world.store.client().delete_object(Bucket=world.bucket_name, Key=folder)
    world.sql("UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL")
    world.sql("UPDATE experiments SET lifecycle_stage = 'active'")
    before = world.keys("artifacts/")
    done = world.run_job(retain, command="retention")
    assert done.code == 0 and done.summary["finished"] == {
        "plans": 1,
        "items": 0,
        "objects": 0,
        "bytes": 0,
    }
    assert world.keys("artifacts/") == before


def test_a_plan_does_not_reach_into_what_was_registered_or_settled_there_since(
    world: World, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows went, the objects did not, and before the next run a version and an experiment point at them."""
    monkeypatch.setattr(
        removal, "delete_objects", lambda *_: (_ for _ in ()).throw(StoreUnreachable("away"))
    )
    monkeypatch.setattr(removal, "_ITEMS_PER_TRANSACTION", 100)
    assert world.run_job(retain, command="retention").code == 1
    monkeypatch.undo()
    left = [
        key
        for key in world.keys("artifacts/")
        if not any(f"/{row[0]}/" in key for row in world.sql("SELECT run_uuid FROM runs"))
    ]
    registered, settled = sorted(
        {
            key.rsplit("/artifacts/")[0]
            for key in left
            if "/models/" not in key and "/traces/" not in key and "loose" not in key
        }
    )[:2]
    world.version("late", 1, f"mlflow-artifacts:/{registered.removeprefix('artifacts/')}/artifacts")
    world.experiment(
        "settled", location=f"mlflow-artifacts:/{settled.removeprefix('artifacts/')}/artifacts"
    )
    done = world.run_job(retain, command="retention")
    assert done.code == 0
    kept = {key for key in world.keys("artifacts/") if key.startswith((registered, settled))}
    assert kept == {key for key in scene.objects if key.startswith((registered, settled))}


def test_only_unfinished_plans_are_taken_up(world: World, scene: Scene) -> None:
    assert second_run(world, scene).summary["finished"]["plans"] == 0
    assert second_run(world, scene).summary["finished"]["plans"] == 0
