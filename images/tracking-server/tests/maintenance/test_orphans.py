"""Orphan objects and rows without objects, on PostgreSQL and an object store, with the retention job's own rights."""

import json
import random
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mlflow_instance.maintenance import orphans
from mlflow_instance.maintenance.bucket import Bucket, Object
from mlflow_instance.maintenance.errors import StoreUnreachable
from mlflow_instance.maintenance.orphans import work
from mlflow_instance.maintenance.pointers import Pointers
from mlflow_instance.maintenance.privileges import RETENTION
from tests.maintenance.world import Outcome, World, days, make_world
from tests.support.postgres import Postgres
from tests.support.store import ObjectStore


@pytest.fixture
def world(postgres: Postgres, migrated_template: str, object_store: ObjectStore) -> Iterator[World]:
    world = make_world(postgres, migrated_template, object_store, RETENTION)
    # Objects are put now and judged a day later.
    world.now += days(2)
    yield world
    world.rows.close()


def report(world: World) -> Outcome:
    return world.run_job(work, dry_run=True, command="orphans")


def remove(world: World) -> Outcome:
    return world.run_job(work, dry_run=False, command="orphans")


def orphan_keys(outcome: Outcome) -> list[str]:
    return [one["key"] for one in outcome.of("orphan")]


def missing(outcome: Outcome) -> set[tuple[str, str, str]]:
    return {(one["kind"], one["id"], one["location"]) for one in outcome.of("missing")}


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


def version_of(world: World, source: str, **options: Any) -> None:
    world.version(f"model-{uuid.uuid4().hex[:8]}", 1, source, created=0, **options)


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


def test_rows_whose_objects_are_missing(world: World) -> None:
    experiment = world.experiment("fraud")
    base = f"artifacts/{experiment}"
    ready = world.logged_model(experiment, created=0)
    for options in (
        {"status": 1},
        {"status": 3},
        {"stage": "deleted"},
        {"created": world.now - days(0.5)},
    ):
        world.logged_model(experiment, **{"created": 0, **options})  # type: ignore[arg-type]
    legacy = world.trace(experiment, at=0)
    explicit = world.trace(experiment, at=0, tags={"mlflow.trace.spansLocation": "ARTIFACT_REPO"})
    archived = world.trace(
        experiment,
        at=0,
        tags={
            "mlflow.trace.spansLocation": "ARCHIVE_REPO",
            "mlflow.trace.archiveLocation": f"mlflow-artifacts:/{experiment}/traces/a/artifacts",
        },
    )
    world.trace(experiment, at=0, tags={"mlflow.trace.spansLocation": "TRACKING_STORE"})
    world.trace(experiment, at=0, status="IN_PROGRESS")
    world.trace(experiment, at=world.now - days(0.5))
    in_database = world.trace(experiment, at=0)
    world.sql(
        "INSERT INTO spans (trace_id, experiment_id, span_id, status, start_time_unix_nano, content) VALUES (%s, %s, 's', 'OK', 0, '')",
        *(in_database, experiment),
    )
    run = world.run(experiment)
    of_run = world.logged_model(experiment, run=run, created=0, name="classifier")
    world.put(f"{base}/models/{of_run}/artifacts/MLmodel")
    gone = uuid.uuid4().hex
    for number, source in enumerate(
        (
            f"mlflow-artifacts:/{experiment}/{gone}/artifacts/model",
            f"mlflow-artifacts:/{experiment}/{gone}/artifacts/with%20space",
            f"runs:/{run}/model",
            f"runs:/{gone}/model",
            "models:/m-0123",
            # Not missing: found, resolved to a model's own row, elsewhere, or no files by nature.
            f"runs:/{run}/classifier",
            f"models:/{of_run}",
            "s3://somebody-elses/x",
            "dummy-source",
        ),
        1,
    ):
        world.version("fraud", number, source, created=0)
    world.version(
        "fraud",
        99,
        f"mlflow-artifacts:/{experiment}/{gone}/artifacts/new",
        created=world.now - days(0.5),
    )
    assert missing(report(world)) == {
        ("loggedModel", ready, f"{base}/models/{ready}/artifacts"),
        ("trace", legacy, f"{base}/traces/{legacy}/artifacts"),
        ("trace", explicit, f"{base}/traces/{explicit}/artifacts"),
        ("trace", archived, f"{base}/traces/a/artifacts"),
        ("modelVersion", "fraud/1", f"{base}/{gone}/artifacts/model"),
        (
            "modelVersion",
            "fraud/2",
            f"mlflow-artifacts:/{experiment}/{gone}/artifacts/with%20space",
        ),
        ("modelVersion", "fraud/3", f"{base}/{run}/artifacts/model"),
        ("modelVersion", "fraud/4", f"runs:/{gone}/model"),
        ("modelVersion", "fraud/5", "models:/m-0123"),
    }
    for key in ("with space", "model"):
        world.put(f"{base}/{gone}/artifacts/{key}/MLmodel")
    world.put(f"{base}/{run}/artifacts/model")
    world.put(f"{base}/models/{ready}/artifacts/MLmodel")
    assert {one[1] for one in missing(report(world))} == {
        legacy,
        explicit,
        archived,
        "fraud/4",
        "fraud/5",
    }
    assert remove(world).summary["missing"] == 5, "a removal reports them too and leaves their rows"


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


def test_a_store_that_lists_out_of_order_gets_no_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        world.put(f"artifacts/{number}/x")
    genuine = Bucket.objects

    def disorder(bucket: Bucket, prefix: str, start_after: str = "") -> Iterator[Object]:
        found = list(genuine(bucket, prefix, start_after))
        yield from [*found[1:], *found[:1]] if prefix == "" else found

    with monkeypatch.context() as patch:
        patch.setattr(Bucket, "objects", disorder)
        for act in (report, remove):
            outcome = act(world)
            assert outcome.code == 1
            assert [one["event"] for one in outcome.events] == ["error"], (
                "no orphan is named before the order is known"
            )
            assert "lists its keys out of order" in outcome.events[0]["message"]
            assert "nothing was removed" in outcome.events[0]["message"]
    assert len(world.keys("artifacts/")) == 5
    assert report(world).summary["orphans"] == 5


def before_removal(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    genuine = orphans._remove

    def first(*arguments: Any) -> Any:
        act()
        return genuine(*arguments)

    monkeypatch.setattr(orphans, "_remove", first)


def test_a_row_that_comes_before_the_removal_wins(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = world.experiment("fraud")
    keys = [
        world.put(f"artifacts/{place}/x")
        for place in (
            "plain",
            "plain-not",
            "own",
            "with space",
            f"{experiment}/{'a' * 32}/artifacts",
            f"{experiment}/models/m-1/artifacts",
        )
    ]

    def act() -> None:
        version_of(world, "mlflow-artifacts:/plain")
        version_of(world, f"s3://{world.bucket_name}/artifacts/own/x")
        version_of(world, "mlflow-artifacts:/with%20space")
        world.run(experiment, uri=f"mlflow-artifacts:/{experiment}/{'a' * 32}/artifacts")

    before_removal(monkeypatch, act)
    outcome = remove(world)
    assert (outcome.code, outcome.summary["removed"], outcome.summary["inUseAgain"]) == (0, 2, 4)
    assert [key for key in keys if key not in world.keys()] == [
        "artifacts/plain-not/x",
        f"artifacts/{experiment}/models/m-1/artifacts/x",
    ]


def test_a_kill_in_between_leaves_the_rest_to_the_next_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: world.put(f"artifacts/gone/{number:05d}"), range(1500)))
    used = world.put(f"artifacts/1/{'b' * 32}/artifacts/x")
    world.run(world.experiment("fraud"), uri=f"mlflow-artifacts:/1/{'b' * 32}/artifacts")
    calls = 0

    def kill() -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise Killed

    with monkeypatch.context() as patch:
        before_removal(patch, kill)
        with pytest.raises(Killed):
            remove(world)
    assert len(world.keys("artifacts/gone/")) == 500
    assert remove(world).summary["removed"] == 500
    assert world.keys("artifacts/") == [used]


def test_keys_that_stay_are_named_and_the_rest_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        world.put(f"artifacts/gone/{number}")
    genuine = Bucket._call

    def refuse(bucket: Bucket, what: str, call: Callable[[], Any]) -> Any:
        answer = genuine(bucket, what, call)
        if what == "delete":
            answer = [*answer, {"Key": "artifacts/gone/1", "Code": "AccessDenied", "Message": "no"}]
        return answer

    monkeypatch.setattr(Bucket, "_call", refuse)
    outcome = remove(world)
    assert outcome.code == 3
    assert [(one["kind"], one["id"], one["message"]) for one in outcome.of("fail")] == [
        ("object", "artifacts/gone/1", "AccessDenied: no")
    ]
    assert (outcome.summary["removed"], outcome.summary["failed"]) == (2, 1)


def test_a_store_that_goes_away_removes_nothing_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put("artifacts/gone/1")

    def away(*_: object) -> None:
        raise StoreUnreachable("the object store does not answer")

    for method in ("objects", "put", "get"):
        with monkeypatch.context() as patch:
            patch.setattr(Bucket, method, away)
            assert remove(world).code == 1
        assert "artifacts/gone/1" in world.keys()
    assert remove(world).summary["removed"] == 1


@pytest.mark.parametrize("seed", range(3))
def test_the_database_s_order_and_reading_are_python_s(world: World, seed: int) -> None:
    """Every location of a wild mix comes out once, in the order of the keys, at the place that locations.py reads."""
    chance = random.Random(seed)
    names = [
        "a",
        "b-",
        "b.",
        "b",
        "b0",
        "ä",
        "\U0001f600",
        "\uffee",
        "x y",
        "x%20y",
        "..",
        ".",
        "",
        "A",
        "_",
        "~",
        "a?b",
        "a#b",
        "a\\b",
    ]
    prefixes = [
        "mlflow-artifacts:/",
        f"s3://{world.bucket_name}/",
        "mlflow-artifacts://h/",
        "s3://somebody-elses/",
        "dbfs:/",
        "/",
    ]
    uris = [
        chance.choice(prefixes)
        + "/".join(chance.choice(names) for _ in range(chance.randint(1, 4)))
        for _ in range(300)
    ]
    for number, uri in enumerate(uris):
        world.sql(
            "INSERT INTO runs (run_uuid, artifact_uri, status, lifecycle_stage) VALUES (%s, %s, 'RUNNING', 'active')",
            str(number),
            uri,
        )
    # Most databases sort as people do; the tests' own sorts by bytes.
    world.sql('ALTER TABLE runs ALTER COLUMN artifact_uri TYPE varchar(200) COLLATE "und-x-icu"')
    with world.job() as (context, _):
        store = context.settings.store
        pointers = Pointers(context.connection, store, 0)
        with pointers.in_key_order() as locations:
            found = [(location.path, location.id) for location in locations]
        assert [path for path, _ in found] == sorted(path for path, _ in found)
        by_run: dict[str, set[str]] = {}
        for path, run in found:
            by_run.setdefault(run, set()).add(path)
        for number, uri in enumerate(uris):
            lenient, strict, read = (
                store.protected_prefixes(uri),
                store.own_prefix(uri),
                by_run.get(str(number), set()),
            )
            assert read == lenient or read == {strict}, uri
        keys = {f"{path}/file" for path, _ in found if path}
        assert pointers.needed(keys) == keys
        assert pointers.needed(["artifacts/nobody/file"]) == (
            {"artifacts/nobody/file"} if any(not p or p == "artifacts" for p, _ in found) else set()
        )
