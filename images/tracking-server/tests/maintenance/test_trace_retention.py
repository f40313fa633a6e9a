"""Traces of active experiments by their own age: off unless declared, and no time that a client
writes switches it off or hurries it.
"""

import json
from typing import Any

import pytest

from mlflow_instance.maintenance import trace_sightings
from mlflow_instance.maintenance.errors import Refused
from mlflow_instance.maintenance.retention import retain
from mlflow_instance.maintenance.settings import read_settings
from mlflow_instance.maintenance.trace_sightings import KEY, MOST, SightingsError, parse, sight
from tests.maintenance.deleted import deleted_experiment
from tests.maintenance.emptied import EmptiedWorld
from tests.maintenance.world import Outcome, World, days

FUTURE, NEGATIVE = 2**62, -(2**62)


@pytest.fixture
def aged(world: World) -> World:
    """A retention of 180 days for traces."""
    plain = world.environment
    world.environment = lambda **changes: plain(MLFLOW_INSTANCE_TRACE_RETENTION="180d", **changes)  # type: ignore[method-assign]
    return world


@pytest.fixture
def world(emptied_world: EmptiedWorld) -> World:
    return emptied_world.again()


def experiment(world: World, name: str = "active", made: int = 1000) -> int:
    found = world.experiment(name)
    world.sql(
        "UPDATE experiments SET creation_time = %s WHERE experiment_id = %s",
        world.now - days(made),
        found,
    )
    return found


def trace(
    world: World, inside: int, *, age: float | None = None, time: int | None = None, **options: Any
) -> str:
    at = world.now - days(age) if age is not None else time
    made = world.trace(inside, at=at, **options)  # type: ignore[arg-type]
    world.put(f"artifacts/{inside}/traces/{made}/artifacts/attachment", b"123")
    return made


def span(world: World, of: str, inside: int, start: int, span_id: str = "s") -> None:
    world.sql(
        "INSERT INTO spans (trace_id, experiment_id, span_id, status, start_time_unix_nano, content) VALUES (%s, %s, %s, 'OK', %s, '{}')",
        of,
        inside,
        span_id,
        start * 1_000_000,
    )


def nightly(world: World) -> Outcome:
    """A run that does what its dry run lists, which changes nothing, the memory of times
    included.
    """
    before = world.read_all()
    said = world.run_job(retain, command="retention", dry_run=True)
    assert said.code == 0 and world.read_all() == before, said.events
    done = world.run_job(retain, command="retention")
    assert (
        done.code == 0
        and done.summary["removed"] == said.summary["removed"]
        and done.summary["kept"] == said.summary["kept"]
    )
    return said


def there(world: World) -> set[str]:
    rows = {str(row[0]) for row in world.sql("SELECT request_id FROM trace_info")}
    assert rows == {key.split("/")[3] for key in world.keys("artifacts/") if "/traces/" in key}, (
        "rows and objects go together"
    )
    return rows


def kept(outcome: Outcome) -> dict[str, tuple[str, str | None]]:
    return {one["id"]: (one["reason"], one.get("because")) for one in outcome.of("keep")}


def test_off_by_default(world: World) -> None:
    inside = experiment(world)
    old = trace(world, inside, age=900)
    odd = trace(world, inside, time=NEGATIVE)
    said = nightly(world)
    assert (
        there(world) == {old, odd}
        and said.of("keep") == []
        and "traceRetention" not in said.summary
        and KEY not in world.keys()
    )


def test_old_ones_go_with_rows_and_objects_and_the_dry_run_lists_them(aged: World) -> None:
    world, inside = aged, experiment(aged)
    old, young = trace(world, inside, age=181), trace(world, inside, age=179)
    span(world, old, inside, world.now - days(181))
    run = world.run(inside)
    said = nightly(world)
    (line,) = said.of("remove")
    assert (line["id"], line["objects"]) == (old, 1) and line["madeAt"] and "deletedAt" not in line
    assert said.summary["traceRetention"] == "180d"
    assert there(world) == {young} and not world.sql("SELECT FROM spans")
    assert world.sql("SELECT run_uuid FROM runs") == [(run,)]


def test_what_is_kept_keeps_its_traces(aged: World) -> None:
    world, inside, tagged = aged, experiment(aged), experiment(aged, "tagged")
    world.sql(
        "INSERT INTO experiment_tags (experiment_id, key, value) VALUES (%s, 'keep', '')", tagged
    )
    kept_run, registered, free = (
        world.run(inside, tags={"keep": ""}),
        world.run(inside),
        world.run(inside),
    )
    world.version("fraud", 1, f"runs:/{registered}/model")
    stay = {
        trace(world, inside, age=200, tags={"keep": ""}): "tag keep",
        trace(world, tagged, age=200): "tag keep of experiment tagged",
        trace(world, inside, age=200, run=kept_run): f"tag keep of run {kept_run}",
        trace(world, inside, age=200, run=registered): "model fraud version 1",
        (linked := trace(world, inside, age=200)): f"tag keep of run {kept_run}",
    }
    world.sql(
        "INSERT INTO entity_associations (association_id, source_type, source_id, destination_type, destination_id) "
        "VALUES ('a', 'trace', %s, 'run', %s)",
        linked,
        kept_run,
    )
    trace(world, inside, age=200, run=free), trace(world, inside, age=200, run="no run")
    said = nightly(world)
    assert {one: because for one, (_, because) in kept(said).items()} == stay and there(
        world
    ) == set(stay)


def test_a_deleted_experiment_keeps_its_traces_for_its_grace(aged: World) -> None:
    gone = deleted_experiment(aged, age=1)
    old = trace(aged, gone, age=500)
    assert nightly(aged).of("remove") == [] and there(aged) == {old}


def test_no_time_of_a_client_switches_it_off_or_hurries_it(aged: World) -> None:
    """A time that can't be true counts from the job's first sight of it, as long as any other."""
    world, inside = aged, experiment(aged, made=300)
    odd = {
        trace(world, inside, time=time)
        for time in (FUTURE, world.now + days(1), 0, -1, NEGATIVE, world.now - days(301))
    }
    said = nightly(world)
    assert there(world) == odd and {reason for reason, _ in kept(said).values()} == {
        "impossible-time"
    }
    start = world.now
    world.now = start + days(179)
    assert nightly(world).of("remove") == [] and there(world) == odd
    world.now = start + days(180)
    # One of them is no longer in the future, and now counts by its own time.
    said = nightly(world)
    assert len(said.of("remove")) == 5 and len(there(world)) == 1
    assert len(json.loads(world.read(KEY))["traces"]) == 5, (
        "those were still odd when it was written"
    )
    world.now = start + days(182)
    nightly(world)
    assert there(world) == set() and json.loads(world.read(KEY))["traces"] == {}


def test_one_early_span_makes_nobodys_trace_old(aged: World) -> None:
    """MLflow moves a trace's time to that of its earliest span; whoever may log may add one."""
    world, inside = aged, experiment(aged)
    moved, late, old = (trace(world, inside, age=200) for _ in range(3))
    span(world, moved, inside, world.now - days(200), "theirs")
    span(world, moved, inside, world.now - days(2), "own")
    # A span of the future, or of 1970, doesn't keep an old one.
    span(world, old, inside, world.now + days(400))
    span(world, late, inside, 0)
    nightly(world)
    assert there(world) == {moved}


def test_what_is_tagged_or_moved_after_the_plan_stays(
    aged: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow_instance.maintenance.report import ReportFolder

    world, inside = aged, experiment(aged)
    run = world.run(inside)
    first, second, third = (
        trace(world, inside, age=200),
        trace(world, inside, age=200, run=run),
        trace(world, inside, age=200),
    )
    plain = ReportFolder.write_plan

    def write_plan(self: ReportFolder, items: Any) -> int:
        parts = plain(self, items)
        world.sql("INSERT INTO trace_tags (request_id, key, value) VALUES (%s, 'keep', '')", first)
        world.tag(run, "keep")
        world.sql("UPDATE trace_info SET timestamp_ms = %s WHERE request_id = %s", world.now, third)
        return parts

    monkeypatch.setattr(ReportFolder, "write_plan", write_plan)
    done = world.run_job(retain, command="retention")
    assert (
        done.code == 0 and done.summary["changed"] == 3 and there(world) == {first, second, third}
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"version": 2, "traces": {}}',
        b'{"version": 1, "traces": {"a": -1}}',
        b'{"version": 1}',
    ],
)
def test_a_memory_that_is_not_ours_is_no_memory(body: bytes) -> None:
    with pytest.raises(SightingsError):
        parse(body)


def test_a_broken_memory_is_told_and_removes_nothing_early(aged: World) -> None:
    inside = experiment(aged)
    odd = trace(aged, inside, time=-1)
    aged.put(KEY, b"{")
    done = aged.run_job(retain, command="retention")
    assert (
        done.code == 0
        and "written anew" in done.of("warning")[0]["message"]
        and there(aged) == {odd}
    )
    assert json.loads(aged.read(KEY))["traces"] == {odd: aged.now}


def test_the_memory_is_bounded_and_keeps_what_it_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST == 100_000
    monkeypatch.setattr(trace_sightings, "MOST", 3)
    before = {"a": 5, "b": 50, "gone": 1}
    assert sight(before, iter(["x", "y", "z", "w", "a", "b"]), 20) == {"a": 5, "b": 20, "x": 20}


@pytest.mark.parametrize("value", ["6d", "731d", "0d", "180", "x", "1.5d", "-8d"])
def test_another_value_is_refused_by_its_name(world: World, value: str) -> None:
    with pytest.raises(Refused, match=r"MLFLOW_INSTANCE_TRACE_RETENTION: .* from 7d to 730d"):
        read_settings(world.environment(MLFLOW_INSTANCE_TRACE_RETENTION=value))
