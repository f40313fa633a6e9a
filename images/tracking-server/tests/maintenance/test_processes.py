"""The commands as processes: refusals, kills at any moment, memory."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from mlflow_instance.maintenance.lock import LOCK_KEY
from mlflow_instance.maintenance.observations import Seen, serialize
from mlflow_instance.maintenance.privileges import RETENTION, STALE_RUNS, Privileges
from mlflow_instance.maintenance.run_activity import running
from mlflow_instance.maintenance.stale_runs import OBSERVATIONS
from tests.maintenance.listing_store import ListingStore
from tests.maintenance.world import HOUR, World, make_world
from tests.support.postgres import Postgres
from tests.support.server import process_environment
from tests.support.store import ObjectStore

COMMANDS = {"stale_runs": [], "orphans": ["--remove"], "restore": ["fraud"]}


@pytest.fixture
def new_world(
    postgres: Postgres, migrated_template: str, object_store: ObjectStore
) -> Iterator[Callable[[Privileges], World]]:
    worlds: list[World] = []

    def make(privileges: Privileges) -> World:
        worlds.append(make_world(postgres, migrated_template, object_store, privileges))
        return worlds[-1]

    yield make
    for world in worlds:
        world.rows.close()


def start(
    world: World, command: str, *arguments: str, code: str = "", **changes: str
) -> "subprocess.Popen[str]":
    program = ["-c", code] if code else ["-m", f"mlflow_instance.maintenance.{command}"]
    return subprocess.Popen(
        [sys.executable, *program, *arguments],
        env=process_environment(world.environment(**changes)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    output, errors = process.communicate(timeout=120)
    return process.returncode, output, errors


@pytest.mark.parametrize("command", COMMANDS)
def test_refusals_touch_nothing(new_world: Callable[[Privileges], World], command: str) -> None:
    world = new_world(STALE_RUNS if command == "stale_runs" else RETENTION)
    experiment = world.experiment("fraud", stage="deleted")
    world.run(experiment, start=1)
    world.put("artifacts/gone/x")
    before = (
        world.sql("SELECT * FROM experiments ORDER BY 1"),
        world.sql("SELECT * FROM runs"),
        world.read_all(),
    )
    arguments = COMMANDS[command]

    world.sql("SELECT pg_advisory_lock(%s)", LOCK_KEY)
    code, output, errors = finish(start(world, command, *arguments))
    assert (code, output) == (4, "")
    assert "another maintenance command works on this instance" in errors
    world.sql("SELECT pg_advisory_unlock(%s)", LOCK_KEY)

    code, output, errors = finish(start(world, command, *arguments, "surplus"))
    assert (code, output) == (2, "")

    code, output, errors = finish(
        start(
            world,
            command,
            *arguments,
            MLFLOW_INSTANCE_STALE_RUNS_AFTER="1",
            MLFLOW_INSTANCE_NAME="",
        )
    )
    assert (code, output) == (2, "")
    assert "MLFLOW_INSTANCE_STALE_RUNS_AFTER: '1'" in errors
    assert "MLFLOW_INSTANCE_NAME: not set" in errors

    role = world.job_uri.partition("://")[2].partition(":")[0]
    world.sql(f'REVOKE UPDATE ON runs FROM "{role}"')
    world.sql(
        f'REVOKE UPDATE (status, end_time, lifecycle_stage, deleted_time) ON runs FROM "{role}"'
    )
    code, output, errors = finish(start(world, command, *arguments))
    assert (code, output) == (1, "")
    assert "no rights in the database: UPDATE on runs; nothing was changed" in errors
    assert before == (
        world.sql("SELECT * FROM experiments ORDER BY 1"),
        world.sql("SELECT * FROM runs"),
        world.read_all(),
    )


def test_stale_runs_survives_kill_9_at_any_moment(new_world: Callable[[Privileges], World]) -> None:
    """A run is RUNNING and untouched, or FAILED with its time and both tags: nothing in between, however often the job dies."""
    world = new_world(STALE_RUNS)
    experiment = world.experiment("many")
    number = 3000
    world.sql(
        "INSERT INTO runs (run_uuid, name, experiment_id, status, start_time, lifecycle_stage, artifact_uri) "
        "SELECT md5(n::text), n::text, %s, 'RUNNING', %s, 'active', NULL FROM generate_series(1, %s) AS n",
        *(experiment, world.now - 30 * HOUR, number),
    )
    alive = world.run(experiment, start=world.now - HOUR)
    with world.job() as (context, _), context.connection.cursor() as cursor:
        long_ago = world.now - 7 * HOUR
        world.put(
            OBSERVATIONS,
            serialize(
                {
                    run.id: Seen(long_ago, run.fingerprint, long_ago)
                    for run in running(cursor, world.now)
                }
            ),
        )

    failed = "SELECT count(*) FROM runs WHERE status = 'FAILED'"
    for part in range(1, 21):
        process = start(world, "stale_runs")
        # By what it has done and not by the clock: each kill is in the middle, on any machine.
        while world.sql(failed)[0][0] < part * number / 30 and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        assert finish(process)[0] in (-signal.SIGKILL, 4)
        states = world.sql(
            "SELECT DISTINCT status, end_time IS NOT NULL, (SELECT count(*) FROM tags t WHERE t.run_uuid = r.run_uuid) FROM runs r"
        )
        assert set(states) <= {("RUNNING", False, 0), ("FAILED", True, 2)}
    assert 0 < world.sql(failed)[0][0] < number
    deadline = time.monotonic() + 30
    while (result := finish(start(world, "stale_runs")))[0] == 4 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert result[0] == 0, result[2]
    assert world.sql("SELECT run_uuid FROM runs WHERE status = 'RUNNING'") == [(alive,)]
    assert world.sql("SELECT count(*) FROM tags") == [(2 * number,)]


def test_orphans_needs_bounded_memory_for_100_000_objects(
    new_world: Callable[[Privileges], World],
) -> None:
    """Peak RSS of the process with 1,000 and with 100,000 objects, every tenth run without a row."""
    few, many = (orphans_peak(new_world(RETENTION), runs) for runs in (200, 20_000))
    print(f"peak RSS {few:.0f} MiB with 1,000 objects, {many:.0f} MiB with 100,000")
    assert many - few < 20


def orphans_peak(world: World, runs: int) -> float:
    ids = [f"{number:032x}" for number in range(runs)]
    world.sql(
        "INSERT INTO runs (run_uuid, status, lifecycle_stage, artifact_uri) "
        "SELECT i, 'FINISHED', 'active', 'mlflow-artifacts:/1/' || i || '/artifacts' FROM unnest(%s) AS i",
        [id_ for number, id_ in enumerate(ids) if number % 10],
    )
    store = ListingStore(
        world.bucket_name,
        (f"artifacts/1/{id_}/artifacts/{number}" for id_ in ids for number in range(5)),
    )
    # Not ru_maxrss: that begins with the size of the process that forked.
    code = (
        "import re, sys\nfrom mlflow_instance.maintenance.orphans import main\ncode = main()\n"
        "print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1], file=sys.stderr)\nsys.exit(code)"
    )
    try:
        result, output, errors = finish(
            start(world, "orphans", code=code, MLFLOW_S3_ENDPOINT_URL=store.url)
        )
    finally:
        store.stop()
    assert result == 0, errors
    lines = output.splitlines()
    summary = json.loads(lines[-1])
    assert (summary["objects"], summary["orphans"], len(lines)) == (
        runs * 5,
        runs // 2,
        runs // 2 + 1,
    )
    return int(errors.splitlines()[-1]) / 1024
