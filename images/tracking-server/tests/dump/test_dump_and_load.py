"""What was dumped is what was there, and comes back whole, with rows in every table of this MLflow."""

import hashlib
import json
import zlib
from typing import Any

import pytest

from mlflow_instance.dump import stored
from tests.dump.dumps import dump, dumped, load, message, new_database, rows_of
from tests.maintenance.every_table import TABLES, fill
from tests.maintenance.world import World
from tests.support.postgres import Postgres

# Every character that CSV, COPY or a shell may trip over; an empty text, which is no NULL; a line
# that COPY's text format would end at.
ODD = [
    "comma, \"quote\" and 'more'",
    "two\nlines\r\nand\ttab",
    "",
    "\\.",
    "\\N",
    "NULL",
    "Grüße – 数据 🙂",
    " spaces ",
]


def filled(world: World) -> World:
    experiment = world.experiment("everything")
    run = world.run(experiment, tags={f"odd-{number}": text for number, text in enumerate(ODD)})
    model, trace = (
        world.logged_model(experiment, run=run),
        world.trace(experiment, at=world.now, run=run),
    )
    fill(world, experiment, run, model, trace)
    for value in ("NaN", "Infinity", 1e-300, 0.1 + 0.2):
        world.sql(
            "INSERT INTO metrics (run_uuid, key, value, timestamp, step, is_nan) VALUES (%s, %s, 0, 0, 0, false)",
            run,
            str(value),
        )
        world.sql(
            "UPDATE metrics SET value = %s::float8 WHERE run_uuid = %s AND key = %s",
            str(value),
            run,
            str(value),
        )
    return world


def test_every_row_of_every_table_comes_back(
    world: World, postgres: Postgres, migrated_template: str
) -> None:
    filled(world)
    before = rows_of(world.rows)
    assert [name for name in (table.name for table in TABLES) if not before[name]] == []
    assert dump(world) == 0
    assert rows_of(world.rows) == before

    other = new_database(postgres, world, migrated_template)
    assert load(other, dumped(world)[0]) == 0
    assert rows_of(other.rows) == before
    # The next experiment gets the number that it would have got.
    ((number,),) = other.sql(
        "INSERT INTO experiments (name, workspace) VALUES ('next', 'default') RETURNING experiment_id"
    )
    ((same,),) = world.sql(
        "INSERT INTO experiments (name, workspace) VALUES ('next', 'default') RETURNING experiment_id"
    )
    assert number == same
    other.rows.close()


def test_the_manifest_says_what_lies_there(world: World) -> None:
    filled(world)
    assert dump(world) == 0
    folder, manifest = dumped(world)
    ((revision,),) = world.sql("SELECT version_num FROM alembic_version")
    assert {key: manifest[key] for key in ("format", "instance", "schemaRevision")} == {
        "format": 1,
        "instance": "unit",
        "schemaRevision": revision,
    }
    assert [table["name"] for table in manifest["records"]] == ["instance_records.audit"]
    files = {f"{folder}/{table['file']}" for table in manifest["tables"] + manifest["records"]}
    assert set(world.keys("final-dump/")) == files | {f"{folder}/manifest.json"}
    for table in manifest["tables"]:
        body = world.read(f"{folder}/{table['file']}")
        assert (len(body), hashlib.sha256(body).hexdigest()) == (table["bytes"], table["sha256"])
        ((rows,),) = world.sql(f'SELECT count(*) FROM "{table["name"]}"')
        assert table["rows"] == rows, table["name"]
        header = zlib.decompress(body, 31).decode().split("\n")[0]
        assert header.replace('"', "").split(",") == table["columns"]


_AUDIT = (
    "SELECT at, action, caller, claims, source, route, method, path, object, status, refusal, count "
    "FROM instance_records.audit ORDER BY id"
)


@pytest.mark.parametrize("with_audit", [True, False])
def test_the_audit_moves_along_behind_the_rows_of_the_new_instance(
    world: World, postgres: Postgres, migrated_template: str, with_audit: bool
) -> None:
    for number in range(3):
        world.sql(
            "INSERT INTO instance_records.audit (at, action, caller, claims, source, route, method, "
            "path, object, status) VALUES (now() - interval '99 days', 'change', 'ci/1', "
            "'{\"repo\": \"a\"}', '::1', 'run', 'POST', %s, %s, 200)",
            ODD[number],
            json.dumps({"name": ODD[-2]}),
        )
    moved = world.sql(_AUDIT)
    assert dump(world) == 0
    folder, manifest = dumped(world)
    if not with_audit:
        # As an image of before has written it.
        del manifest["records"]
        world.put(f"{folder}/manifest.json", json.dumps(manifest).encode())
    other = new_database(postgres, world, migrated_template)
    other.sql(
        "INSERT INTO instance_records.audit (at, action, source, route, method, path, object, "
        "status) VALUES (now(), 'refusal', '::1', 'ui', 'GET', '/', '{}', 401)"
    )
    own = other.sql(_AUDIT)
    assert load(other, folder) == 0
    assert other.sql(_AUDIT) == own + (moved if with_audit else [])
    other.rows.close()


def test_a_large_table_goes_and_comes_in_parts(
    world: World, postgres: Postgres, migrated_template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The least that a store takes for a part that isn't the last.
    monkeypatch.setattr(stored, "PART_BYTES", 5 * 1024 * 1024)
    run = world.run(world.experiment("large"))
    world.sql(
        "INSERT INTO params (run_uuid, key, value) SELECT %s, 'p' || n, (SELECT string_agg(md5(random()::text), '') "
        "FROM generate_series(1, 60 + n * 0)) FROM generate_series(1, 12000) AS n",
        run,
    )
    assert dump(world) == 0
    folder, manifest = dumped(world)
    (params,) = [table for table in manifest["tables"] if table["name"] == "params"]
    assert params["bytes"] > 2 * stored.PART_BYTES
    head = world.s3.head_object(Bucket=world.bucket_name, Key=f"{folder}/params.csv.gz")
    # A multipart object's ETag ends with the number of its parts.
    assert head["ETag"].strip('"').endswith("-3")

    other = new_database(postgres, world, migrated_template)
    assert load(other, folder) == 0
    assert rows_of(other.rows) == rows_of(world.rows)
    other.rows.close()


class TestLoading:
    def test_refuses_an_instance_that_was_used(
        self, world: World, capsys: pytest.CaptureFixture[str]
    ) -> None:
        world.run(world.experiment("used"))
        before = rows_of(world.rows)
        assert dump(world) == 0
        assert load(world, dumped(world)[0]) == 2
        assert (
            "a dump is loaded into an instance that nobody has used; nothing was changed"
            in message(capsys)
        )
        assert rows_of(world.rows) == before

    def test_refuses_a_folder_without_a_manifest(
        self, world: World, capsys: pytest.CaptureFixture[str]
    ) -> None:
        world.put("final-dump/2026-11-22T10-00-00Z/runs.csv.gz")
        assert load(world, "final-dump/2026-11-22T10-00-00Z/") == 2
        assert "not a finished dump" in message(capsys)

    def test_refuses_another_revision(
        self,
        world: World,
        postgres: Postgres,
        migrated_template: str,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        assert dump(world) == 0
        other = new_database(postgres, world, migrated_template)
        other.sql("UPDATE alembic_version SET version_num = 'older'")
        assert load(other, dumped(world)[0]) == 2
        assert "make the instance with MLflow 3." in message(capsys)
        other.rows.close()

    @pytest.mark.parametrize("change", ["rows", "bytes"])
    def test_leaves_the_instance_new_when_a_file_is_not_what_the_manifest_says(
        self,
        world: World,
        postgres: Postgres,
        migrated_template: str,
        change: str,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        world.run(world.experiment("one"))
        assert dump(world) == 0
        folder, manifest = dumped(world)
        for table in manifest["tables"]:
            if table["name"] == "runs":
                table[change] += 1
        world.put(f"{folder}/manifest.json", json.dumps(manifest).encode())
        other = new_database(postgres, world, migrated_template)
        before = rows_of(other.rows)
        assert load(other, folder) == 1
        assert "is not what manifest.json says" in message(capsys)
        assert rows_of(other.rows) == before
        other.rows.close()

    def test_believes_no_manifest(
        self,
        world: World,
        postgres: Postgres,
        migrated_template: str,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """The copy may have been anybody's: no file of another folder, no value of another type."""
        world.run(world.experiment("one"))
        assert dump(world) == 0
        folder, manifest = dumped(world)
        other = new_database(postgres, world, migrated_template)
        before = rows_of(other.rows)
        runs = next(table for table in manifest["tables"] if table["name"] == "runs")
        sequence = next(iter(manifest["sequences"]))
        quoted = 'runs"; DROP TABLE runs; --'
        not_ours = "is not what a final dump writes; nothing was changed"
        hostile: list[tuple[dict[str, Any], dict[str, Any], str]] = [
            ({"file": "../../artifacts/1/x.csv.gz"}, {}, not_ours),
            ({"name": "../artifacts/x", "file": "../artifacts/x.csv.gz"}, {}, not_ours),
            ({"name": 7, "file": "7.csv.gz"}, {}, not_ours),
            ({"columns": [*runs["columns"], runs["columns"][0]]}, {}, not_ours),
            ({"columns": "run_uuid"}, {}, not_ours),
            ({"rows": "1", "bytes": True}, {}, not_ours),
            ({"sha256": None}, {}, not_ours),
            ({}, {"tables": {"runs": runs}}, not_ours),
            ({}, {"sequences": {sequence: "1); DROP TABLE runs; --"}}, not_ours),
            ({}, {"sequences": {sequence: 1.5}}, not_ours),
            ({}, {"schemaRevision": ["x"]}, not_ours),
            ({}, {"records": [runs]}, not_ours),
            ({}, {"records": [*manifest["records"], *manifest["records"]]}, not_ours),
            ({}, {"records": [{**manifest["records"][0], "columns": ["id"]}]}, not_ours),
            ({}, {"records": {"audit": 1}}, not_ours),
            ({"name": quoted, "file": f"{quoted}.csv.gz"}, {}, "dump and database differ in"),
            ({"columns": ["run_uuid) FROM STDIN; --"]}, {}, "dump and database differ in runs;"),
            ({}, {"sequences": {"pg_class": 1}}, "the dump has the sequence 'pg_class'"),
            ({}, {"sequences": {sequence: 10**30}}, not_ours),
            ({}, {"sequences": {sequence: -1}}, not_ours),
        ]
        for table, whole, told in hostile:
            tables = [{**one, **table} if one is runs else one for one in manifest["tables"]]
            changed = {**manifest, "tables": tables, **whole}
            world.put(f"{folder}/manifest.json", json.dumps(changed).encode())
            assert load(other, folder) in (1, 2), (table, whole)
            said = message(capsys)
            assert told in said and "Traceback" not in said, (table, whole, said)
            assert rows_of(other.rows) == before, (table, whole)
        for text in (b"[1]", b"null", b"[" * 100_000, b"\xff", b'{"format": NaN}'):
            world.put(f"{folder}/manifest.json", text)
            assert load(other, folder) == 2, text[:20]
            assert "nothing was changed" in message(capsys)
        world.put(f"{folder}/manifest.json", json.dumps(manifest).encode())
        assert load(other, folder) == 0
        other.rows.close()

    def test_wants_one_folder(self, world: World, capsys: pytest.CaptureFixture[str]) -> None:
        assert load(world) == 2
        assert "expected one argument" in message(capsys)
