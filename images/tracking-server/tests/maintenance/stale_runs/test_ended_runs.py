"""A run that was seen idle for long enough is ended, exactly as the dry run lists it."""

import json
from typing import Any

from mlflow_instance.maintenance.stale_runs import OBSERVATIONS
from tests.maintenance.stale_runs.looks import look, reasons, status
from tests.maintenance.world import HOUR, World


def test_a_run_is_failed_after_it_was_seen_idle_for_long_enough(world: World) -> None:
    experiment = world.experiment("fraud")
    run = world.run(experiment, start=world.now - 30 * HOUR, tags={"mlflow.runName": "stuck"})
    world.metric(run, world.now - 29 * HOUR)
    others = [
        world.run(experiment, status=one, start=world.now - 90 * HOUR)
        for one in ("FINISHED", "FAILED", "KILLED", "SCHEDULED")
    ]
    deleted = world.run(
        experiment, start=world.now - 90 * HOUR, stage="deleted", deleted=world.now - 80 * HOUR
    )

    first = look(world)
    assert first.code == 0
    assert first.summary["observations"] == "none"
    assert (first.summary["running"], first.summary["stale"]) == (1, 0)
    assert look(world, after=5.9).summary["stale"] == 0
    last = look(world, after=0.1)
    assert last.code == 0
    assert [one["event"] for one in last.events] == ["summary"], (
        "a real run prints only failures and the summary"
    )
    assert (last.summary["stale"], last.summary["ended"], last.summary["observations"]) == (
        1,
        1,
        "read",
    )

    ((state, end),) = world.sql("SELECT status, end_time FROM runs WHERE run_uuid = %s", run)
    assert (state, end) == ("FAILED", world.now)
    tags = dict(world.sql("SELECT key, value FROM tags WHERE run_uuid = %s", run))
    assert tags["stale-run.reason"].startswith("RUNNING since 20")
    assert tags["stale-run.time"].endswith("Z")
    assert tags["mlflow.runName"] == "stuck"
    assert [status(world, one) for one in others] == ["FINISHED", "FAILED", "KILLED", "SCHEDULED"]
    assert status(world, deleted) == "RUNNING"
    # The ended run falls out of the observations; nothing is left to do.
    again = look(world, after=1)
    assert (again.summary["running"], again.summary["stale"], again.summary["ended"]) == (0, 0, 0)
    assert json.loads(world.read(OBSERVATIONS)) == {"version": 1, "runs": {}}


def test_the_dry_run_lists_what_the_next_run_does_and_writes_nothing(world: World) -> None:
    experiment = world.experiment("fraud")
    runs = [world.run(experiment, start=world.now - 30 * HOUR) for _ in range(3)]
    young = world.run(experiment, start=world.now - HOUR)
    exempt = world.run(experiment, start=world.now - 90 * HOUR, tags={"keep-running": ""})

    def everything() -> tuple[Any, ...]:
        return (
            world.sql("SELECT * FROM runs ORDER BY 1"),
            world.sql("SELECT * FROM tags ORDER BY 1, 3"),
            world.keys(),
            world.read_all(),
        )

    before = everything()
    empty = look(world, dry_run=True)
    assert (empty.code, empty.summary["stale"], empty.summary["dryRun"], everything()) == (
        0,
        0,
        True,
        before,
    )
    look(world)
    look(world, after=7, dry_run=True)
    before = everything()
    dry = look(world, dry_run=True)
    assert everything() == before
    assert sorted(one["id"] for one in dry.of("stale")) == sorted(runs)
    assert reasons(dry) == {young: "recent", exempt: "keep-running"}
    assert dry.of("stale")[0].keys() == {
        "event",
        "id",
        "experiment",
        "name",
        "startedAt",
        "lastActivityAt",
        "reason",
    }
    assert dry.of("stale")[0]["experiment"] == "fraud"
    real = look(world)
    assert real.summary["ended"] == dry.summary["stale"] == 3
    assert {one: status(world, one) for one in (*runs, young, exempt)} == {
        **dict.fromkeys(runs, "FAILED"),
        young: "RUNNING",
        exempt: "RUNNING",
    }
    plan = next(
        key for key in world.keys("maintenance/stale-runs/") if key.endswith("plan-0001.jsonl")
    )
    planned = [json.loads(line) for line in world.read(plan).splitlines()]
    assert planned == [
        {name: value for name, value in one.items() if name != "event"} for one in dry.of("stale")
    ]
    report = json.loads(world.read(plan.replace("plan-0001.jsonl", "report.json")))
    assert (report["ended"], report["failures"]) == (3, {})


def test_a_second_failure_of_a_resumed_run_replaces_the_tags(world: World) -> None:
    run = world.run(world.experiment("fraud"), start=world.now - 30 * HOUR)
    look(world)
    look(world, after=7)
    first = dict(world.sql("SELECT key, value FROM tags WHERE run_uuid = %s", run))
    world.sql("UPDATE runs SET status = 'RUNNING' WHERE run_uuid = %s", run)
    look(world, after=1)
    assert look(world, after=24).summary["ended"] == 1
    second = dict(world.sql("SELECT key, value FROM tags WHERE run_uuid = %s", run))
    assert first.keys() == second.keys()
    assert first["stale-run.time"] < second["stale-run.time"]


def test_a_thousand_runs(world: World) -> None:
    """More than a page of facts, a batch of updates and a part of the plan."""
    experiment = world.experiment("many")
    world.sql(
        "INSERT INTO runs (run_uuid, name, experiment_id, status, start_time, lifecycle_stage, artifact_uri) "
        "SELECT md5(n::text), n::text, %s, 'RUNNING', %s, 'active', 'mlflow-artifacts:/' || %s || '/' || md5(n::text) || '/artifacts' "
        "FROM generate_series(1, 1200) AS n",
        *(experiment, world.now - 30 * HOUR, experiment),
    )
    look(world)
    assert look(world, after=7).summary["ended"] == 1200
    assert world.sql("SELECT DISTINCT status, end_time FROM runs") == [("FAILED", world.now)]
    assert len([key for key in world.keys("maintenance/") if "/plan-" in key]) == 2
