"""An object that a row or unfinished removal points at is no orphan, however the row spells it."""

import json
import uuid

import pytest

from tests.maintenance.orphans.reports import missing, orphan_keys, remove, report, version_of
from tests.maintenance.world import World, days


def test_objects_of_rows_are_used_and_the_rest_is_listed(world: World) -> None:
    experiment = world.experiment("fraud")
    run, deleted = world.run(experiment), world.run(experiment, stage="deleted", deleted=1)
    model = world.logged_model(experiment, created=0)
    trace = world.trace(experiment, at=0)
    base = f"artifacts/{experiment}"
    used = [
        world.put(f"{base}/{run}/artifacts/a/b.txt"),
        world.put(f"{base}/{deleted}/artifacts/a"),
        world.put(f"{base}/models/{model}/artifacts/MLmodel"),
        world.put(f"{base}/traces/{trace}/artifacts/traces.json"),
    ]
    left = sorted(
        [
            world.put(f"{base}/{uuid.uuid4().hex}/artifacts/a", b"four"),
            world.put(f"{base}/{run}/artifacts-old/a"),
            world.put(f"{base}/models/m-gone/artifacts/MLmodel"),
            world.put(f"{base}/readme.txt"),
            world.put("artifacts/4711/x/artifacts/y"),
            world.put("artifacts/4711/x/artifacts/line\u2028break & 100% <\U0001f600>"),
            world.put("outside.txt"),
        ]
    )
    world.put("tmp/x")
    world.put("maintenance/x")
    world.put("final-dump/x")
    outcome = report(world)
    assert outcome.code == 0
    assert orphan_keys(outcome) == left
    assert outcome.of("orphan")[0].keys() == {"event", "key", "bytes", "modified"}
    assert missing(outcome) == set()
    summary = outcome.summary
    assert (summary["objects"], summary["orphans"], summary["orphanBytes"], summary["dryRun"]) == (
        11,
        7,
        10,
        True,
    )
    assert set(world.keys()) >= {*used, *left, "tmp/x", "maintenance/x", "final-dump/x"}

    removed = remove(world)
    assert removed.code == 0
    assert [one["event"] for one in removed.events] == ["summary"]
    assert (
        removed.summary["removed"],
        removed.summary["removedBytes"],
        removed.summary["failed"],
    ) == (7, 10, 0)
    assert [key for key in world.keys() if not key.startswith("maintenance/")] == sorted(
        [*used, "tmp/x", "final-dump/x"]
    )
    assert remove(world).summary["removed"] == 0
    reports = [
        json.loads(world.read(key))
        for key in world.keys("maintenance/orphans/")
        if key.endswith("report.json")
    ]
    assert len(reports) == 3


def test_what_is_younger_than_a_day_is_not_judged(world: World) -> None:
    world.put("artifacts/1/gone/artifacts/x")
    world.now -= days(1.1)
    young = report(world)
    assert (young.summary["orphans"], young.summary["recent"]) == (0, 1)
    assert remove(world).summary["removed"] == 0
    assert "artifacts/1/gone/artifacts/x" in world.keys()


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ("mlflow-artifacts:/exports/champion", "artifacts/exports/champion/MLmodel"),
        ("mlflow-artifacts:/exports/champion/MLmodel", "artifacts/exports/champion/MLmodel"),
        ("mlflow-artifacts:/exports/two%20words", "artifacts/exports/two words/MLmodel"),
        ("mlflow-artifacts:/exports/a/../b", "artifacts/exports/b/MLmodel"),
        ("mlflow-artifacts:/exports//b/", "artifacts/exports/b/MLmodel"),
        ("mlflow-artifacts://host:5000/exports/x", "artifacts/exports/x/MLmodel"),
        ("s3://{bucket}/artifacts/exports/x", "artifacts/exports/x/MLmodel"),
        ("s3://{bucket}/elsewhere/x", "elsewhere/x/MLmodel"),
        ("s3-proxied://{bucket}/elsewhere/x", "elsewhere/x/MLmodel"),
        (
            "https://mlflow.test/api/2.0/mlflow-artifacts/artifacts/exports/x",
            "artifacts/exports/x/MLmodel",
        ),
        ("mlflow-artifacts:/", "artifacts/anything/at/all"),
        ("s3://{bucket}/", "anything"),
    ],
)
def test_a_registered_version_uses_what_it_points_to_in_any_spelling(
    world: World, source: str, key: str
) -> None:
    world.put(key)
    assert report(world).summary["orphans"] == 1
    version_of(world, source.format(bucket=world.bucket_name))
    outcome = report(world)
    assert (outcome.summary["orphans"], outcome.summary["missing"]) == (0, 0)
    assert remove(world).summary["removed"] == 0
    assert key in world.keys()


def test_a_version_that_was_deleted_uses_nothing(world: World) -> None:
    world.put("artifacts/exports/x/MLmodel")
    version_of(world, "mlflow-artifacts:/exports/x")
    world.sql("UPDATE model_versions SET current_stage = 'Deleted_Internal'")
    assert report(world).summary["orphans"] == 1


def test_a_row_that_points_at_everything_is_named(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.version("wide", 3, "mlflow-artifacts:/", created=0)
    report(world)
    assert "modelVersion wide/3 points at the whole of 'artifacts'" in caplog.text


def test_archives_of_traces_and_data_sets_are_used(world: World) -> None:
    experiment = world.experiment("fraud")
    archive = "mlflow-artifacts:/archive/t/artifacts"
    world.trace(
        experiment,
        at=0,
        tags={
            "mlflow.trace.spansLocation": "ARCHIVE_REPO",
            "mlflow.trace.archiveLocation": archive,
        },
    )
    world.sql(
        "INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type, dataset_source) "
        "VALUES ('d', %s, 'n', 'x', 's3', %s)",
        *(experiment, json.dumps({"uri": f"s3://{world.bucket_name}/data/train.parquet"})),
    )
    world.put("artifacts/archive/t/artifacts/traces.pb")
    world.put("data/train.parquet")
    world.put("data/other.parquet")
    outcome = report(world)
    assert orphan_keys(outcome) == ["data/other.parquet"]
    assert missing(outcome) == set()


def test_what_an_interrupted_retention_run_left_is_not_an_orphan(world: World) -> None:
    experiment = world.experiment("fraud")
    run, alive, done = uuid.uuid4().hex, world.run(experiment), uuid.uuid4().hex
    for one in (run, alive, done):
        world.put(f"artifacts/{experiment}/{one}/artifacts/x")

    def plan(folder: str, *runs: str) -> None:
        lines = [
            {
                "kind": "run",
                "id": one,
                "name": None,
                "experiment": experiment,
                "deleted": None,
                "prefixes": [f"artifacts/{experiment}/{one}/artifacts"],
            }
            for one in runs
        ]
        world.put(
            f"maintenance/retention/{folder}/plan-0001.jsonl",
            "".join(json.dumps(line) + "\n" for line in lines).encode(),
        )

    plan("2026-11-22T02-17-00Z-aaaaaa", run, alive)
    plan("2026-11-21T02-17-00Z-bbbbbb", done)
    world.put("maintenance/retention/2026-11-21T02-17-00Z-bbbbbb/report.json", b"{}")
    outcome = report(world)
    assert orphan_keys(outcome) == [f"artifacts/{experiment}/{done}/artifacts/x"]
    assert outcome.summary["awaitingRetention"] == 1
    assert remove(world).summary["removed"] == 1
    assert f"artifacts/{experiment}/{run}/artifacts/x" in world.keys()
