"""When the dump is written and when not: who else is connected, runs that were killed, wrong settings, a store that is away."""

import os
import signal
import threading
import time

import pytest

from mlflow_instance.database import connect
from mlflow_instance.dump import final_dump, others
from mlflow_instance.maintenance.bucket import Bucket
from mlflow_instance.maintenance.lock import take_lock
from tests.dump.dumps import (
    dump,
    dumped,
    environment,
    folders,
    load,
    message,
    new_database,
    rows_of,
)
from tests.maintenance.world import World
from tests.support.postgres import Postgres
from tests.support.server import start
from tests.support.store import CREDENTIALS


def test_somebody_who_stays_connected_is_named_and_nothing_is_written(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    client = connect(f"{world.job_uri}?application_name=notebook", connect_timeout=5)
    assert dump(world) == 3
    said = message(capsys)
    assert f"still connected to the database: notebook ({world.bucket_name})" in said
    assert "apply the stack again" in said
    assert "password" not in said
    assert world.keys("final-dump/") == []
    client.close()


def test_waits_for_the_servers_last_connections(world: World) -> None:
    client = connect(world.job_uri, connect_timeout=5)
    threading.Timer(1.5, client.close).start()
    assert dump(world, wait_seconds=20) == 0
    assert dumped(world)[1]["tables"]


def test_waits_for_a_maintenance_command_by_its_lock(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    # Of a superuser, whom the look at the sessions leaves out.
    job = connect(world.owner_uri, connect_timeout=5)
    take_lock(job)
    assert dump(world) == 3
    assert "still connected to the database: a maintenance command" in message(capsys)
    job.close()
    assert dump(world) == 0


def test_somebody_who_comes_while_it_is_written_undoes_it(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clients = []
    put = Bucket.put

    def come(
        bucket: Bucket, key: str, body: bytes, content_type: str = "application/json"
    ) -> str | None:
        if not clients:
            clients.append(connect(world.job_uri, connect_timeout=5))
        return put(bucket, key, body, content_type)

    monkeypatch.setattr(Bucket, "put", come)
    assert dump(world) == 3
    assert "still connected" in message(capsys)
    assert [key for key in world.keys("final-dump/") if key.endswith("manifest.json")] == []
    clients[0].close()


def test_a_killed_run_leaves_no_dump_and_the_next_one_is_whole(
    world: World, postgres: Postgres, migrated_template: str
) -> None:
    run = world.run(world.experiment("killed"))
    world.sql(
        "INSERT INTO params (run_uuid, key, value) SELECT %s, 'p' || n, repeat(md5(random()::text), 60) FROM generate_series(1, 40000) AS n",
        run,
    )
    process = start("mlflow-instance-final-dump", {**environment(world), **CREDENTIALS})
    assert process.stdout is not None
    # Some tables are written and others aren't.
    process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    # The database notices the end of a session when it next writes to it.
    time.sleep(0.5)
    assert [key for key in world.keys("final-dump/") if key.endswith("manifest.json")] == []
    (cut_off,) = folders(world)
    time.sleep(1)

    assert dump(world, wait_seconds=20) == 0
    folder, _ = dumped(world)
    assert folders(world) == {cut_off, folder.rpartition("/")[2]}
    other = new_database(postgres, world, migrated_template)
    assert load(other, folder) == 0
    assert rows_of(other.rows) == rows_of(world.rows)
    other.rows.close()


def test_uploads_of_killed_runs_are_aborted_and_nobody_elses(world: World) -> None:
    for key in ("final-dump/2026-11-22T10-00-00Z/metrics.csv.gz", "artifacts/1/model.bin"):
        world.s3.create_multipart_upload(Bucket=world.bucket_name, Key=key)
    assert dump(world) == 0
    left = world.s3.list_multipart_uploads(Bucket=world.bucket_name).get("Uploads", [])
    assert [upload["Key"] for upload in left] == ["artifacts/1/model.bin"]


def test_an_upload_that_fails_half_way_is_aborted(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("mlflow_instance.dump.stored.PART_BYTES", 5 * 1024 * 1024)
    run = world.run(world.experiment("large"))
    world.sql(
        "INSERT INTO params (run_uuid, key, value) SELECT %s, 'p' || n, (SELECT string_agg(md5(random()::text), '') "
        "FROM generate_series(1, 60 + n * 0)) FROM generate_series(1, 8000) AS n",
        run,
    )

    def fail(*_: object) -> None:
        raise RuntimeError("the store says no")

    monkeypatch.setattr(Bucket, "complete", fail)
    assert dump(world) == 1
    assert "the store says no" in message(capsys)
    assert "Uploads" not in world.s3.list_multipart_uploads(Bucket=world.bucket_name)


def test_wrong_settings_are_said_all_at_once(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = {
        "MLFLOW_INSTANCE_NAME": "",
        "MLFLOW_INSTANCE_ARTIFACTS_DESTINATION": "s3://no-prefix",
        "MLFLOW_BACKEND_STORE_URI": "",
    }
    assert final_dump.main({**environment(world), **changes}) == 2
    said = capsys.readouterr().err
    for name in changes:
        assert name in said


def test_a_store_that_is_away_is_worth_a_retry(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dump(world, MLFLOW_S3_ENDPOINT_URL="http://127.0.0.1:1") == 1
    assert "the object store does not answer" in message(capsys)


def test_the_wait_outlasts_the_servers_end() -> None:
    # 5 s before the pod is told and 60 s for its requests; the Deployment says both.
    assert others.WITHIN_SECONDS > 65
