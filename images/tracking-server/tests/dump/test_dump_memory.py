"""Neither command's memory grows with the database."""

import subprocess
import sys

from tests.dump.dumps import dumped, environment, new_database
from tests.maintenance.world import World
from tests.support.postgres import Postgres
from tests.support.server import process_environment

# Of rows that compress to half, so that they fill more than one part of 16 MiB.
_LARGE_MIB = 64
# A part as it is filled, as it is cut off and as it is sent.
_ROOM_MIB = 72
_PROGRAM = """
import re, sys
from pathlib import Path
from mlflow_instance.dump.{module} import main
code = main()
# Not getrusage's figure: that one is inherited from the process that started this one.
print(int(re.search("VmHWM:\\\\s+([0-9]+)", Path("/proc/self/status").read_text())[1]) // 1024, file=sys.stderr)
sys.exit(code)
"""


def peak(world: World, module: str, *arguments: str) -> int:
    """Mebibytes at most."""
    program = _PROGRAM.format(module=module)
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=process_environment(environment(world)),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stderr.split()[-1])


def test_memory_is_bounded(world: World, postgres: Postgres, migrated_template: str) -> None:
    small = peak(world, "final_dump")
    for key in world.keys("final-dump/"):
        world.s3.delete_object(Bucket=world.bucket_name, Key=key)
    run = world.run(world.experiment("large"))
    # 64 hexadecimal digits are 32 random bytes: half of it is left when it is compressed.
    world.sql(
        "INSERT INTO params (run_uuid, key, value) SELECT %s, 'p' || n, (SELECT string_agg(md5(random()::text), '') "
        "FROM generate_series(1, 128 + n * 0)) FROM generate_series(1, %s) AS n",
        run,
        _LARGE_MIB * 256,
    )
    large = peak(world, "final_dump")
    folder, manifest = dumped(world)
    assert max(table["bytes"] for table in manifest["tables"]) > _LARGE_MIB / 2 * 1024 * 1024 * 0.9
    other = new_database(postgres, world, migrated_template)
    loaded = peak(other, "load_dump", folder)
    other.rows.close()
    print(
        f"peak memory: dump of a new instance {small} MiB, of {_LARGE_MIB} MiB {large} MiB, load {loaded} MiB"
    )
    assert large <= small + _ROOM_MIB
    assert loaded <= small + _ROOM_MIB
