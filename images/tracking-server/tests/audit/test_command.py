"""`mlflow-instance-audit`: which rows it prints, in which role, and where it is cut."""

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest

from mlflow_instance.audit.row import Action, AuditRow
from mlflow_instance.audit.statements import insert_rows, upsert_uses
from mlflow_instance.database import connection_options
from mlflow_instance.maintenance.audit import main
from mlflow_instance.maintenance.audit_query import parse_query
from mlflow_instance.maintenance.errors import Refused
from mlflow_instance.maintenance.privileges import RETENTION, RETENTION_ROLE, STALE_RUNS
from tests.maintenance.world import World, make_world
from tests.support.postgres import Postgres
from tests.support.store import ObjectStore

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


def row(**changes: object) -> AuditRow:
    fields: dict[str, object] = {
        "at": NOW,
        "action": Action.CHANGE,
        "caller": "ci/2",
        "role": "edit",
        "claims": None,
        "source": "10.0.0.1",
        "route": "run",
        "method": "POST",
        "path": "/api/2.0/mlflow/runs/create",
        "object": {"run_id": "r1"},
        "status": 200,
        "refusal": None,
        **changes,
    }
    return AuditRow(**fields)  # type: ignore[arg-type]


@pytest.fixture
def world(postgres: Postgres, migrated_template: str, object_store: ObjectStore) -> Iterator[World]:
    world = make_world(postgres, migrated_template, object_store, RETENTION_ROLE)
    yield world
    world.rows.close()


def put(world: World, *rows: AuditRow) -> None:
    insert_rows(world.rows, rows)


def run(world: World, *arguments: str, **options: int) -> tuple[int, list[dict[str, object]], str]:
    output, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(output), redirect_stderr(errors):
        code = main(list(arguments), world.environment(), **options)  # type: ignore[arg-type]
    return code, [json.loads(line) for line in output.getvalue().splitlines()], errors.getvalue()


ROWS = {
    "run": row(),
    "deletion": row(route="delete", action=Action.DELETION, caller="old/1", object={"run_id": "x"}),
    "alias": row(route="alias", caller="workload:trainer", claims={"repo": "team/train"}),
    "no alias": row(route="alias", action=Action.DELETION),
    "failed": row(route="alias", status=404),
    "refused": row(
        action=Action.REFUSAL, caller=None, role=None, status=401, refusal="expired:ci/1", count=7
    ),
    "log": row(route="log", action=Action.APPEND, caller="ci-nightly/1", count=40),
}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], list(ROWS)),
        (["--what=deletions"], ["deletion", "no alias"]),
        (["--what=aliases"], ["alias", "no alias"]),
        (["--what=refusals"], ["refused"]),
        (["--what=changes"], [name for name in ROWS if name != "refused"]),
        (["--who=ci"], ["run", "no alias", "failed", "refused"]),
        (["--who=ci/2"], ["run", "no alias", "failed"]),
        (["--who=ci/1", "--what=refusals"], ["refused"]),
        (["--who=workload:trainer"], ["alias"]),
        (["--who=c_"], []),
        (["--who='; DROP TABLE x; --"], []),
        (["--until=2026-11-30T12:00Z"], []),
    ],
)
def test_the_rows_that_are_asked_for(
    world: World, arguments: list[str], expected: list[str]
) -> None:
    put(world, *ROWS.values())
    code, events, errors = run(world, "--since=2026-11-30", *arguments)
    assert (code, errors) == (0, "")
    names = list(ROWS)
    assert [names[int(str(event["id"])) - 1] for event in events[:-1]] == expected
    summary = events[-1]
    assert summary["event"] == "summary" and summary["rows"] == len(expected)
    assert summary["requests"] == sum(ROWS[name].count for name in expected)
    assert "cutAt" not in summary


def test_a_row_as_it_is_printed(world: World) -> None:
    put(world, ROWS["alias"])
    _, events, _ = run(world, "--since=2026-11-30")
    assert events[0] == {
        "event": "audit",
        "id": 1,
        "at": "2026-11-30T12:00:00.000000Z",
        "action": "change",
        "caller": "workload:trainer",
        "role": "edit",
        "claims": {"repo": "team/train"},
        "source": "10.0.0.1",
        "route": "alias",
        "method": "POST",
        "path": "/api/2.0/mlflow/runs/create",
        "object": {"run_id": "r1"},
        "status": 200,
        "count": 1,
    }


def test_it_goes_on_where_it_was_cut(world: World) -> None:
    put(world, *[row(at=NOW + timedelta(seconds=n), object={"n": n}) for n in range(1200)])
    seen: list[object] = []
    since = "2026-11-30"
    for _ in range(20):
        code, events, _ = run(world, f"--since={since}", most=50_000)
        seen += [event["id"] for event in events[:-1] if event["id"] not in seen]
        if code == 0:
            break
        assert code == 3
        since = str(events[-1]["cutAt"])
    assert seen == list(range(1, 1201))
    # A page has 500.
    code, events, _ = run(world, "--since=2026-11-30")
    assert (code, len(events)) == (0, 1201)


def test_last_uses(world: World) -> None:
    upsert_uses(world.rows, {"ci/2": 29_000_000, "old/1": 28_000_000})
    upsert_uses(world.rows, {"ci/2": 28_999_999, "old/1": 28_000_001})
    code, events, _ = run(world, "--uses")
    assert code == 0
    assert events[:-1] == [
        {"event": "use", "caller": "ci/2", "lastUsed": "2025-02-19T21:20:00Z"},
        {"event": "use", "caller": "old/1", "lastUsed": "2023-03-28T10:41:00Z"},
    ]
    assert events[-1]["callers"] == 2 and events[-1]["recordedSince"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--since=yesterday"],
        ["--since=0h"],
        ["--since=2026-13-01"],
        ["--since=２４h"],
        ["--since=24h", "--since=48h"],
        ["--since=1h", "--until=2h"],
        ["--since=24h", "--who="],
        ["--since=24h", "--who=a\nb"],
        ["--since=24h", "--who=" + "x" * 201],
        ["--since=24h", "--what=everything"],
        ["--since=24h", "--limit=5"],
        ["--uses", "--since=24h"],
        ["since"],
    ],
)
def test_bad_input_is_an_error(arguments: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        parse_query(arguments, NOW)
    assert "--" in str(refused.value)


def test_the_job_may_read_the_records_and_change_none(world: World) -> None:
    put(world, row())
    job = psycopg2.connect(**connection_options(world.job_uri, 5))
    for statement in (
        "DELETE FROM instance_records.audit",
        "UPDATE instance_records.audit SET caller = 'x'",
        "TRUNCATE instance_records.audit",
        "INSERT INTO instance_records.token_use VALUES ('x', now())",
        "ALTER TABLE instance_records.audit DISABLE TRIGGER ALL",
        "CREATE TABLE instance_records.x ()",
    ):
        with job.cursor() as cursor, pytest.raises(psycopg2.Error) as error:
            cursor.execute(statement)
        assert isinstance(error.value, psycopg2.errors.InsufficientPrivilege)
        job.rollback()
    job.close()


@pytest.mark.parametrize("privileges", [RETENTION, STALE_RUNS])
def test_others_may_not_read_them(
    postgres: Postgres, migrated_template: str, object_store: ObjectStore, privileges: object
) -> None:
    world = make_world(postgres, migrated_template, object_store, privileges)  # type: ignore[arg-type]
    code, events, errors = run(world, "--since=24h")
    assert (code, events) == (1, [])
    assert "no audit that this command may read" in errors
    world.rows.close()
