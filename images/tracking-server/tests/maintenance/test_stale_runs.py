"""Stale runs against PostgreSQL with MLflow's schema and an object store, with the job's own rights."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest

from mlflow_instance.maintenance import run_ending, stale_runs
from mlflow_instance.maintenance.bucket import Bucket
from mlflow_instance.maintenance.errors import StoreUnreachable
from mlflow_instance.maintenance.privileges import STALE_RUNS
from mlflow_instance.maintenance.stale_runs import OBSERVATIONS, work
from tests.maintenance.world import HOUR, Outcome, World, make_world
from tests.support.postgres import Postgres
from tests.support.store import ObjectStore


@pytest.fixture
def world(postgres: Postgres, migrated_template: str, object_store: ObjectStore) -> Iterator[World]:
    world = make_world(postgres, migrated_template, object_store, STALE_RUNS)
    yield world
    world.rows.close()


def look(world: World, after: float = 0, **options: Any) -> Outcome:
    world.now += int(after * HOUR)
    return world.run_job(work, command="stale-runs", **options)


def status(world: World, run: str) -> str:
    ((value,),) = world.sql("SELECT status FROM runs WHERE run_uuid = %s", run)
    return str(value)


def reasons(outcome: Outcome) -> dict[str, str]:
    return {one["id"]: one["reason"] for one in outcome.of("keep")}


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


@pytest.mark.parametrize("content", [b"", b"{", b'{"version":1,"runs":{"x":[]}}', b"\xff"])
def test_observations_that_are_gone_or_broken_only_make_it_wait(
    world: World, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    run = world.run(world.experiment("fraud"), start=world.now - 300 * HOUR)
    look(world)
    world.put(OBSERVATIONS, content)
    broken = look(world, after=7)
    assert (broken.code, broken.summary["observations"], broken.summary["stale"]) == (
        0,
        "unusable",
        0,
    )
    assert "can't be used" in caplog.text
    assert look(world, after=6).summary["ended"] == 1
    assert status(world, run) == "FAILED"


def test_a_store_that_is_away_touches_no_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run = world.run(world.experiment("fraud"), start=world.now - 300 * HOUR)
    look(world)

    def away(*_: object) -> None:
        raise StoreUnreachable("bucket: the object store does not answer")

    for method in ("get", "objects", "put"):
        with monkeypatch.context() as patch:
            patch.setattr(Bucket, method, away)
            assert look(world, after=7).code == 1
        assert status(world, run) == "RUNNING"
    assert look(world).summary["ended"] == 1


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


def test_a_run_that_can_not_be_ended_stops_no_other(world: World) -> None:
    experiment = world.experiment("fraud")
    runs = [world.run(experiment, start=world.now - 30 * HOUR) for _ in range(5)]
    look(world)
    world.sql(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.run_uuid = %s AND NEW.status = 'FAILED' "
        "THEN RAISE EXCEPTION 'not this one'; END IF; RETURN NEW; END $$",
        runs[2],
    )
    world.sql("CREATE TRIGGER refuse BEFORE UPDATE ON runs FOR EACH ROW EXECUTE FUNCTION refuse()")
    outcome = look(world, after=7)
    assert outcome.code == 3
    assert [(one["id"], one["kind"]) for one in outcome.of("fail")] == [(runs[2], "run")]
    assert "not this one" in outcome.of("fail")[0]["message"]
    assert [status(world, run) for run in runs].count("FAILED") == 4
    world.sql("DROP TRIGGER refuse ON runs")
    again = look(world)
    assert (again.code, again.summary["ended"]) == (0, 1)


@pytest.mark.parametrize("victim", [0, 150, 249])
def test_a_database_that_goes_away_in_the_middle_ends_the_job_and_the_next_one_finishes(
    world: World, victim: int
) -> None:
    experiment = world.experiment("fraud")
    runs = sorted(world.run(experiment, start=world.now - 30 * HOUR) for _ in range(250))
    look(world)
    world.sql(
        "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN IF NEW.run_uuid = %s "
        "THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NEW; END $$",
        runs[victim],
    )
    world.sql("CREATE TRIGGER cut BEFORE UPDATE ON runs FOR EACH ROW EXECUTE FUNCTION cut()")
    with pytest.raises(psycopg2.OperationalError):
        look(world, after=7)
    world.sql("DROP TRIGGER cut ON runs")
    failed = world.sql("SELECT run_uuid FROM runs WHERE status = 'FAILED'")
    assert len(failed) == victim // 100 * 100
    assert world.sql("SELECT count(*) FROM tags") == [(2 * len(failed),)]
    again = look(world)
    assert (again.code, again.summary["ended"]) == (0, 250 - len(failed))


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
