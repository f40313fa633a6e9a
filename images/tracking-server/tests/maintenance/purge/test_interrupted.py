"""Restored in the middle, killed at any step or beside another command: nothing is half
gone for good.
"""

import signal
from typing import Any

import pytest

from mlflow_instance.maintenance import purge, removal
from mlflow_instance.maintenance.command import execute
from mlflow_instance.maintenance.errors import StoreUnreachable
from mlflow_instance.maintenance.items import EXPERIMENT
from mlflow_instance.maintenance.lock import take_lock
from mlflow_instance.maintenance.privileges import RETENTION
from mlflow_instance.maintenance.purge import Request, purging
from mlflow_instance.maintenance.retention import retain
from mlflow_instance.maintenance.unfinished import unfinished_prefixes
from tests.maintenance.deleted import deleted_experiment, deleted_run
from tests.maintenance.purge.calls import remove, state
from tests.maintenance.steps import run_in_child
from tests.maintenance.world import World


def test_an_experiment_that_is_restored_in_the_middle_stays_with_what_is_left(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = deleted_experiment(world)
    run = deleted_run(world, gone)
    plain = purge.planned_items

    def restored(*arguments: Any) -> Any:
        world.sql(
            "UPDATE experiments SET lifecycle_stage = 'active' WHERE experiment_id = %s", gone
        )
        world.sql("UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL")
        return plain(*arguments)

    monkeypatch.setattr(purge, "planned_items", restored)
    before = world.read_all_artifacts()
    outcome = remove(world, EXPERIMENT, "gone", "gone")
    assert outcome.code == 3 and "in the meantime" in outcome.of("fail")[0]["message"]
    assert (
        world.sql("SELECT run_uuid FROM runs") == [(run,)] and world.read_all_artifacts() == before
    )


def test_killed_at_any_step_it_is_finished_by_the_next_call(world: World) -> None:
    """Every seventh step, and each time in the same world: what the killed one left is all that
    is left.
    """
    neighbour = deleted_experiment(world, "neighbour")
    deleted_run(world, neighbour)
    before, kill_at, resumed = world.read_all_artifacts(), 1, 0
    while True:
        gone = deleted_experiment(world, "gone")
        run = deleted_run(world, gone)
        world.put(f"artifacts/{gone}/loose")
        code, steps = run_in_child(
            world, kill_at, purging(Request(EXPERIMENT, str(gone), "gone", "ada@desk")), "purge"
        )
        whole = {f"artifacts/{gone}/{run}/artifacts/model/weights", f"artifacts/{gone}/loose"}
        if world.sql("SELECT FROM runs WHERE run_uuid = %s", run):
            assert whole <= set(world.keys("artifacts/"))
        second = remove(world, EXPERIMENT, str(gone), "gone")
        if code == 0:
            assert second.code == 2 and kill_at > steps > 40
            break
        assert code == -signal.SIGKILL
        # Killed behind its report, there is nothing left to do.
        assert second.code == 0 or not [key for key in world.keys("artifacts/") if key in whole], (
            second.events
        )
        resumed += second.code == 0 and second.summary["finished"]["objects"] > 0
        assert world.read_all_artifacts() == before and world.sql(
            "SELECT name FROM experiments WHERE experiment_id > 0"
        ) == [("neighbour",)]
        kill_at += 7
    assert resumed > 0, "some of the kills left objects for the next call"


def test_the_nightly_retention_finishes_it_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = deleted_experiment(world, age=0)
    deleted_run(world, gone, age=0)
    with monkeypatch.context() as broken:
        broken.setattr(
            removal, "delete_objects", lambda *_: (_ for _ in ()).throw(StoreUnreachable("away"))
        )
        assert remove(world, EXPERIMENT, "gone", "gone").code == 1
    assert not world.sql("SELECT FROM runs") and world.keys("artifacts/")
    with world.job() as (context, _):
        assert unfinished_prefixes(context.bucket, context.settings.store), (
            "not orphans but on their way"
        )
    done = world.run_job(retain, command="retention")
    assert (
        done.code == 0 and done.summary["finished"]["objects"] == 1 and not world.keys("artifacts/")
    )


def test_one_at_a_time_beside_retention_and_itself(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    deleted_experiment(world)
    before = state(world)
    with world.job() as (holder, _):
        take_lock(holder.connection)
        code = execute(
            "purge",
            RETENTION,
            purging(Request(EXPERIMENT, "gone", "gone")),
            dry_run=False,
            environment=world.environment(),
        )
    assert (
        code == 4
        and "another maintenance command" in capsys.readouterr().err
        and state(world) == before
    )
