"""Lost observations, a store or database that is away and a run that can't be
ended only make runs wait.
"""

import psycopg2
import pytest

from mlflow_instance.maintenance.bucket import Bucket
from mlflow_instance.maintenance.errors import StoreUnreachable
from mlflow_instance.maintenance.stale_runs import OBSERVATIONS
from tests.maintenance.stale_runs.looks import look, status
from tests.maintenance.world import HOUR, World


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
