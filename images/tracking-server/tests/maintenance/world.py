"""One instance's database and bucket for a test: rows as MLflow writes them, objects, and a clock that the test moves."""

import io
import json
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from unittest.mock import patch

import psycopg2
from psycopg2.extensions import connection as Connection

from mlflow_instance.database import connect, parse_uri
from mlflow_instance.maintenance.bucket import open_bucket
from mlflow_instance.maintenance.command import Context
from mlflow_instance.maintenance.errors import Busy, Impossible, Refused
from mlflow_instance.maintenance.events import Events
from mlflow_instance.maintenance.privileges import Privileges, grant
from mlflow_instance.maintenance.settings import read_settings
from tests.support.postgres import Postgres
from tests.support.store import CREDENTIALS, ObjectStore

HOUR = 3_600_000
_ROLE_PASSWORD = "job-password"


@dataclass
class Outcome:
    code: int
    events: list[dict[str, Any]]

    def of(self, event: str) -> list[dict[str, Any]]:
        return [one for one in self.events if one["event"] == event]

    @property
    def summary(self) -> dict[str, Any]:
        assert self.events[-1]["event"] == "summary"
        return self.events[-1]


@dataclass
class World:
    owner_uri: str
    job_uri: str
    bucket_name: str
    store: ObjectStore
    rows: Connection
    # Objects are as old as the store says: time passes by moving the job's clock ahead.
    now: int = field(default_factory=lambda: int(datetime.now(UTC).timestamp() * 1000))

    def environment(self, **changes: str) -> dict[str, str]:
        return {
            "MLFLOW_INSTANCE_NAME": "unit",
            "MLFLOW_BACKEND_STORE_URI": self.job_uri,
            "MLFLOW_INSTANCE_ARTIFACTS_DESTINATION": f"s3-proxied://{self.bucket_name}/artifacts",
            "MLFLOW_S3_ENDPOINT_URL": self.store.url,
            "MLFLOW_INSTANCE_DELETED_EXPERIMENT_RETENTION": "30d",
            "MLFLOW_INSTANCE_STALE_RUNS_AFTER": "24h",
            "MLFLOW_INSTANCE_STALE_RUNS_IDLE": "6h",
            "MLFLOW_INSTANCE_BUCKET_VERSIONING": "false",
            "MLFLOW_INSTANCE_BUCKET_LIFECYCLE": "false",
            **CREDENTIALS,
            **changes,
        }

    @contextmanager
    def job(
        self, *, dry_run: bool = False, every_item: bool | None = None, command: str = "unit"
    ) -> Iterator[tuple[Context, io.StringIO]]:
        settings = read_settings(self.environment())
        connection = connect(settings.database_uri, connect_timeout=5)
        output = io.StringIO()
        events = Events(every_item=dry_run if every_item is None else every_item, stream=output)
        now = datetime.fromtimestamp(self.now / 1000, UTC)
        try:
            with patch.dict(os.environ, CREDENTIALS):
                bucket = open_bucket(settings)
            yield Context(command, settings, connection, bucket, events, dry_run, now, now), output
        finally:
            connection.close()

    def run_job(self, work: Callable[[Context], int], **options: Any) -> Outcome:
        with self.job(**options) as (context, output):
            try:
                code = work(context)
            except (Refused, Impossible, Busy) as error:
                code = error.exit_code
                return Outcome(code, [*_lines(output), {"event": "error", "message": str(error)}])
        return Outcome(code, _lines(output))

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.rows.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    @cached_property
    def s3(self) -> Any:
        return self.store.client()

    def put(self, key: str, body: bytes = b"x") -> str:
        self.s3.put_object(Bucket=self.bucket_name, Key=key, Body=body)
        return key

    def keys(self, prefix: str = "") -> list[str]:
        return self.store.keys(self.bucket_name, prefix)

    def read(self, key: str) -> bytes:
        return bytes(self.s3.get_object(Bucket=self.bucket_name, Key=key)["Body"].read())

    def read_all(self) -> dict[str, bytes]:
        return {key: self.read(key) for key in self.keys()}

    def read_all_artifacts(self) -> dict[str, bytes]:
        return {key: self.read(key) for key in self.keys("artifacts/")}

    def experiment(
        self,
        name: str,
        *,
        stage: str = "active",
        updated: int | None = None,
        location: str | None = None,
    ) -> int:
        ((number,),) = self.sql(
            "INSERT INTO experiments (name, artifact_location, lifecycle_stage, creation_time, last_update_time) "
            "VALUES (%s, '', %s, %s, %s) RETURNING experiment_id",
            name,
            stage,
            self.now,
            self.now if updated is None else updated,
        )
        self.sql(
            "UPDATE experiments SET artifact_location = %s WHERE experiment_id = %s",
            location or f"mlflow-artifacts:/{number}",
            number,
        )
        return int(number)

    def run(
        self,
        experiment: int,
        *,
        status: str = "RUNNING",
        start: int | None = None,
        end: int | None = None,
        stage: str = "active",
        deleted: int | None = None,
        uri: str | None = None,
        tags: dict[str, str] | None = None,
    ) -> str:
        run = uuid.uuid4().hex
        self.sql(
            "INSERT INTO runs (run_uuid, name, experiment_id, status, start_time, end_time, lifecycle_stage, deleted_time, artifact_uri, "
            "source_type) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'UNKNOWN')",
            *(
                run,
                f"run-{run[:4]}",
                experiment,
                status,
                start,
                end,
                stage,
                deleted,
                uri or f"mlflow-artifacts:/{experiment}/{run}/artifacts",
            ),
        )
        for key, value in (tags or {}).items():
            self.tag(run, key, value)
        return run

    def tag(self, run: str, key: str, value: str = "") -> None:
        self.sql("INSERT INTO tags (run_uuid, key, value) VALUES (%s, %s, %s)", run, key, value)

    def param(self, run: str, key: str, value: str = "1") -> None:
        self.sql("INSERT INTO params (run_uuid, key, value) VALUES (%s, %s, %s)", run, key, value)

    def metric(self, run: str, timestamp: int, *, key: str = "loss", step: int = 0) -> None:
        self.sql(
            "INSERT INTO metrics (run_uuid, key, value, timestamp, step, is_nan) VALUES (%s, %s, 1, %s, %s, false)",
            run,
            key,
            timestamp,
            step,
        )

    def logged_model(
        self,
        experiment: int,
        *,
        run: str | None = None,
        stage: str = "active",
        status: int = 2,
        created: int | None = None,
        updated: int | None = None,
        name: str = "model",
    ) -> str:
        model = f"m-{uuid.uuid4().hex}"
        created = self.now if created is None else created
        self.sql(
            "INSERT INTO logged_models (model_id, experiment_id, name, artifact_location, creation_timestamp_ms, "
            "last_updated_timestamp_ms, status, lifecycle_stage, source_run_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            *(
                model,
                experiment,
                name,
                f"mlflow-artifacts:/{experiment}/models/{model}/artifacts",
                created,
            ),
            *(created if updated is None else updated, status, stage, run),
        )
        return model

    def trace(
        self,
        experiment: int,
        *,
        at: int,
        tags: dict[str, str] | None = None,
        run: str | None = None,
        status: str = "OK",
    ) -> str:
        trace = f"tr-{uuid.uuid4().hex}"
        self.sql(
            "INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, status) VALUES (%s, %s, %s, %s)",
            trace,
            experiment,
            at,
            status,
        )
        location = {
            "mlflow.artifactLocation": f"mlflow-artifacts:/{experiment}/traces/{trace}/artifacts"
        }
        for key, value in (location | (tags or {})).items():
            self.sql(
                "INSERT INTO trace_tags (request_id, key, value) VALUES (%s, %s, %s)",
                trace,
                key,
                value,
            )
        if run is not None:
            self.sql(
                "INSERT INTO trace_request_metadata (request_id, key, value) VALUES (%s, 'mlflow.sourceRun', %s)",
                trace,
                run,
            )
        return trace

    def version(
        self,
        name: str,
        version: int,
        source: str,
        *,
        storage: str | None = None,
        run: str | None = None,
        created: int | None = None,
    ) -> None:
        self.sql(
            "INSERT INTO registered_models (workspace, name) VALUES ('default', %s) ON CONFLICT DO NOTHING",
            name,
        )
        self.sql(
            "INSERT INTO model_versions (workspace, name, version, source, storage_location, run_id, creation_time, current_stage, status) "
            "VALUES ('default', %s, %s, %s, %s, %s, %s, 'None', 'READY')",
            *(
                name,
                version,
                source,
                storage or source,
                run,
                self.now if created is None else created,
            ),
        )


def _lines(output: io.StringIO) -> list[dict[str, Any]]:
    # Not splitlines(): names may hold other characters that break lines.
    return [json.loads(line) for line in output.getvalue().split("\n") if line]


def make_world(
    postgres: Postgres, template: str, store: ObjectStore, privileges: Privileges
) -> World:
    """A copy of a migrated database, a bucket and a role with exactly the job's rights."""
    name = f"w{uuid.uuid4().hex[:12]}"
    admin = psycopg2.connect(
        host="127.0.0.1",
        port=postgres.port,
        user="admin",
        password=postgres.password,
        dbname="postgres",
    )
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{parse_uri(template).database}"')
        cursor.execute(f"CREATE ROLE \"{name}\" LOGIN PASSWORD '{_ROLE_PASSWORD}'")
    admin.close()
    owner = parse_uri(template).set(database=name)
    rows = connect(owner.render_as_string(hide_password=False), connect_timeout=5)
    with rows:
        grant(rows, name, privileges)
    rows.autocommit = True
    store.create_bucket(name)
    job = owner.set(username=name, password=_ROLE_PASSWORD)
    uris = (url.render_as_string(hide_password=False) for url in (owner, job))
    return World(*uris, bucket_name=name, store=store, rows=rows)


def days(number: float) -> int:
    return int(timedelta(days=number).total_seconds() * 1000)
