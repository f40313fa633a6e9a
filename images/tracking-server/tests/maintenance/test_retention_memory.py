"""The job's memory doesn't grow with what there is to remove."""

import json
import subprocess
import sys
import uuid

from psycopg2.extras import execute_values

from tests.maintenance.world import World, days
from tests.support.server import process_environment

_RUNS = 30_000
# 30,000 items held at once would be some 30 MiB.
_ROOM = 12
_PROGRAM = """
import re, sys
from pathlib import Path
from mlflow_instance.maintenance.retention import main
code = main()
# Not getrusage's figure: that one is inherited from the process that started this one.
print(int(re.search("VmHWM:\\s+([0-9]+)", Path("/proc/self/status").read_text())[1]) // 1024, file=sys.stderr)
sys.exit(code)
"""


def peak(world: World, *arguments: str) -> tuple[int, int]:
    """Mebibytes at most, and how many runs the summary names."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *arguments],
        env=process_environment(world.environment()),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stderr.split()[-1]), json.loads(done.stdout.splitlines()[-1])["removed"]["runs"]


def test_memory_is_bounded(world: World) -> None:
    experiment, old = world.experiment("active"), world.now - days(40)

    def runs(number: int) -> None:
        ids = [uuid.uuid4().hex for _ in range(number)]
        rows = [
            (
                run,
                f"run-{run[:4]}",
                experiment,
                "deleted",
                old,
                f"mlflow-artifacts:/{experiment}/{run}/artifacts",
            )
            for run in ids
        ]
        with world.rows.cursor() as cursor:
            execute_values(
                cursor,
                "INSERT INTO runs (run_uuid, name, experiment_id, lifecycle_stage, deleted_time, artifact_uri) VALUES %s",
                rows,
            )

    runs(500)
    few, counted = peak(world)
    assert counted == 500
    runs(_RUNS)
    dry, counted = peak(world, "--dry-run")
    assert counted == _RUNS
    many, counted = peak(world)
    assert counted == _RUNS and world.sql("SELECT count(*) FROM runs") == [(0,)]
    print(f"peak memory: 500 runs {few} MiB, {_RUNS} runs {many} MiB, dry run {dry} MiB")
    assert max(dry, many) <= few + _ROOM
