"""What a client writes between the decision and the update wins; during the
update it waits.
"""

from typing import Any

import psycopg2
import pytest

from mlflow_instance.maintenance import run_ending, stale_runs
from tests.maintenance.stale_runs.looks import look, status
from tests.maintenance.world import HOUR, World


def test_what_logs_between_decision_and_update_wins(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = world.experiment("fraud")
    names = ("logs", "finishes", "exempt", "resumes", "child logs", "deleted", "dead")
    runs = {name: world.run(experiment, start=world.now - 30 * HOUR) for name in names}
    parent = world.run(experiment, start=world.now - 30 * HOUR)
    world.tag(runs["child logs"], "mlflow.parentRunId", parent)
    finished = world.run(
        experiment, status="FINISHED", tags={"mlflow.parentRunId": runs["resumes"]}
    )
    look(world)
    genuine = run_ending.end_runs

    def in_between(*arguments: Any) -> Any:
        world.param(runs["logs"], "p")
        world.sql("UPDATE runs SET status = 'FINISHED' WHERE run_uuid = %s", runs["finishes"])
        world.tag(runs["exempt"], "keep-running")
        world.sql("UPDATE runs SET status = 'RUNNING' WHERE run_uuid = %s", finished)
        world.metric(runs["child logs"], world.now)
        world.sql(
            "UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_uuid = %s", runs["deleted"]
        )
        return genuine(*arguments)

    monkeypatch.setattr(stale_runs, "end_runs", in_between)
    outcome = look(world, after=7)
    assert (outcome.code, outcome.summary["ended"], outcome.summary["changedSince"]) == (0, 1, 7)
    assert {
        name: status(world, run) for name, run in runs.items() if status(world, run) != "RUNNING"
    } == {
        "finishes": "FINISHED",
        "dead": "FAILED",
    }
    assert status(world, parent) == "RUNNING"
    assert world.sql("SELECT count(*) FROM tags WHERE key LIKE 'stale-run.%%'") == [(2,)]


def test_logging_waits_for_the_decision(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock is what makes the second look the last word: nothing is logged between it and the update."""
    run = world.run(world.experiment("fraud"), start=world.now - 30 * HOUR)
    look(world)
    genuine, refused = run_ending.facts_of, 0
    world.sql("SET lock_timeout = '100ms'")

    def second_look(*arguments: Any) -> Any:
        nonlocal refused
        for log in (world.param, world.tag, lambda *_: world.metric(run, world.now)):
            try:
                log(run, "p")
            except psycopg2.errors.LockNotAvailable:
                refused += 1
        return genuine(*arguments)

    monkeypatch.setattr(run_ending, "facts_of", second_look)
    assert look(world, after=7).summary["ended"] == 1
    assert refused == 3
    world.param(run, "p")
