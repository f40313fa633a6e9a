"""What a user wrote steers nothing: ids of others, locations above, plans that nobody of ours wrote, rows that point at everything."""

import json
import uuid
from typing import Any

import pytest

from mlflow_instance.maintenance.retention import retain
from tests.maintenance.deleted import (
    OLD,
    ago,
    clean,
    deleted_experiment,
    deleted_run,
    kept,
    logged_model,
    removed,
    trace,
)
from tests.maintenance.emptied import EmptiedWorld
from tests.maintenance.world import World


@pytest.fixture
def world(emptied_world: EmptiedWorld) -> World:
    return emptied_world.again()


# Of an image before this one, with the prefixes in it.
OLD_FORMAT = {"kind": "run", "name": None, "experiment": 1, "deleted": None}


def hostile_trace(
    world: World, experiment: int, trace_id: str, location: str | None = None
) -> None:
    world.sql(
        "INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, status) VALUES (%s, %s, %s, 'OK')",
        trace_id,
        experiment,
        ago(world, 40),
    )
    if location is not None:
        world.sql(
            "INSERT INTO trace_tags (request_id, key, value) VALUES (%s, 'mlflow.artifactLocation', %s)",
            trace_id,
            location,
        )


def active_run(world: World) -> tuple[int, str, list[str]]:
    experiment = world.experiment(f"active-{uuid.uuid4().hex}")
    run = world.run(experiment)
    return (
        experiment,
        run,
        [
            world.put(f"artifacts/{experiment}/{run}/artifacts/{name}")
            for name in ("model/a", "traces/x/artifacts/b", "c")
        ],
    )


WHERE = [
    "mlflow-artifacts:/{e}/{r}/artifacts",
    "mlflow-artifacts:/{e}/{r}",
    "mlflow-artifacts:/{e}",
    "mlflow-artifacts:/",
    "s3://{b}/artifacts/{e}/{r}",
    "s3-proxied://{b}/artifacts/{e}/{r}/artifacts/model",
    "mlflow-artifacts:/x/traces/{r}/../../../{e}/{r}",
    "mlflow-artifacts:/{e}/%2e/{r}",
]


@pytest.mark.parametrize("where", WHERE)
def test_a_trace_with_the_id_and_the_folder_of_a_run_takes_nothing_of_it(
    world: World, where: str
) -> None:
    experiment, run, keys = active_run(world)
    world.tag(run, "keep")
    gone = deleted_experiment(world, "in good faith")
    hostile_trace(world, gone, run, where.format(e=experiment, r=run, b=world.bucket_name))
    other = deleted_run(world, gone)
    said = clean(world)
    assert other in removed(said) and kept(said)[run][0] in ("elsewhere", "not-in-bucket")
    assert world.keys("artifacts/") == sorted(keys)


IDS = [
    "x",
    "{r}",
    "{e}",
    "artifacts",
    "traces",
    "..",
    "a/../../b",
    "'; DROP TABLE runs; --",
    "\x1b[2J\n",
]


@pytest.mark.parametrize(
    "where",
    [
        "{e}",
        "{e}/{r}",
        "{e}/{r}/artifacts",
        "{e}/{r}/artifacts/model",
        "{e}/models",
        "{e}/traces",
        "",
    ],
)
def test_an_experiment_in_somebody_elses_folder_takes_nothing_with_it(
    world: World, where: str
) -> None:
    """Its location and the ids of its traces are chosen by whoever makes it; the sweep of its folder must not reach further either."""
    experiment, run, keys = active_run(world)
    location = where.format(e=experiment, r=run)
    for number, trace_id in enumerate(IDS):
        gone = deleted_experiment(
            world, f"hostile {number}", location=f"mlflow-artifacts:/{location}"
        )
        chosen = trace_id.format(e=experiment, r=run)[:50]
        hostile_trace(
            world, gone, chosen, f"mlflow-artifacts:/{location}/traces/{chosen}/artifacts"
        )
        world.run(
            gone,
            stage="deleted",
            deleted=ago(world, OLD),
            uri=f"mlflow-artifacts:/{location}/{run}/artifacts",
        )
    done = clean(world)
    assert set(keys) <= set(world.keys("artifacts/")), done.events


def test_rows_that_a_user_can_write_keep_only_what_is_theirs(world: World) -> None:
    """A version of the whole bucket, an experiment at the root, a living trace that says it is everywhere."""
    gone = deleted_experiment(world)
    run, model, gone_trace = (
        deleted_run(world, gone),
        logged_model(world, gone, OLD),
        trace(world, gone),
    )
    world.put(f"artifacts/{gone}/loose")
    for number, source in enumerate(
        (
            f"s3://{world.bucket_name}/",
            "mlflow-artifacts:/",
            f"s3://{world.bucket_name}/artifacts/x/..",
            f"s3a://{world.bucket_name}?x",
        ),
        1,
    ):
        world.version("everything", number, source)
    root = world.experiment("root", location="mlflow-artifacts:/")
    above = world.experiment("above", location=f"s3://{world.bucket_name}/")
    for number, place in enumerate(
        ("mlflow-artifacts:/", f"mlflow-artifacts:/{gone}", f"s3://{world.bucket_name}/")
    ):
        hostile_trace(
            world, (root, above, root)[number], (str(gone), "artifacts", "x")[number], place
        )
    done = world.run_job(retain, command="retention")
    assert done.code == 0 and done.summary["removed"]["runs"] == 1, done.events
    assert not {run, model, gone_trace} & {
        row[0]
        for row in world.sql("SELECT run_uuid FROM runs UNION SELECT model_id FROM logged_models")
    }
    assert world.keys("artifacts/") == []
    assert [one for one in done.of("warning") if "everything" in one["message"]]


def planted(world: World, name: str, body: bytes, part: str = "plan-0001.jsonl") -> str:
    return world.put(f"maintenance/retention/{name}/{part}", body)


def line(**fields: Any) -> bytes:
    return json.dumps(fields).encode() + b"\n"


def hostile_lines(world: World, experiment: int, run: str) -> list[bytes]:
    inside = {
        "kind": "run",
        "id": uuid.uuid4().hex,
        "name": None,
        "experiment": 999,
        "deleted": None,
    }
    place = f"artifacts/{experiment}/{run}/artifacts"
    return [
        line(**OLD_FORMAT, id="a" * 32, prefixes=[place]),
        line(**OLD_FORMAT, id="artifacts", prefixes=[place]),
        line(**{**inside, "id": run}, location=f"artifacts/{experiment}"),
        line(**{**inside, "id": str(experiment)}, location="artifacts"),
        line(**{**inside, "kind": "experiment", "id": "999"}, location=f"artifacts/{experiment}"),
        line(**{**inside, "kind": "experiment", "id": "999"}, location=place),
        line(**{**inside, "kind": "experiment", "id": "999"}, location="artifacts"),
        line(**{**inside, "kind": "experiment", "id": "999"}, location=""),
        line(**{**inside, "kind": "trace", "id": "x"}, location=place),
        line(**{**inside, "kind": "trace", "id": run}, location="artifacts/x"),
        line(
            **{**inside, "kind": "trace", "id": "../../" + run}, location=f"artifacts/{experiment}"
        ),
        line(**{**inside, "kind": "run", "id": run + "\n"}, location=f"artifacts/{experiment}"),
        line(
            **{**inside, "kind": "loggedModel", "id": f"../{run}"},
            location=f"artifacts/{experiment}",
        ),
        line(
            **{**inside, "kind": "run", "experiment": "1); DROP TABLE runs"}, location="artifacts/1"
        ),
        line(**{**inside, "kind": "run", "experiment": 10**30}, location="artifacts/1"),
        line(**{**inside, "kind": "bucket"}, location="artifacts/1"),
        line(**inside, location="maintenance/retention"),
        line(**inside, location="artifacts/1", more=1),
        line(kind="run"),
        line(**{**inside, "name": {"a": 1}}, location="artifacts/1"),
        b"no json at all\n",
        b"[" * 60_000 + b"\n",
        b'"' + b"x" * 100_000 + b'"\n',
        b"null\n1\n[]\n",
        b"\xff\xfe\x00\n",
        b'{"kind": NaN}\n',
    ]


def test_a_planted_plan_removes_nothing_of_anybody_and_switches_nothing_off(world: World) -> None:
    experiment, run, keys = active_run(world)
    gone = deleted_experiment(world)
    removable = deleted_run(world, gone)
    for number, text in enumerate(hostile_lines(world, experiment, run)):
        planted(world, f"2020-01-01T00-00-{number:02d}Z-abcdef", text)
    planted(world, "2020-01-02T00-00-00Z-abcdef", b"", "plan-no-part")
    planted(world, "2020-01-03T00-00-00Z-abcdef", b" " * (17 * 1024 * 1024))
    world.put("maintenance/retention/not a folder of ours/plan-0001.jsonl", b"x")
    dry = world.run_job(retain, command="retention", dry_run=True)
    assert dry.code == 0 and dry.summary["finished"]["objects"] == 0, dry.events
    done = world.run_job(retain, command="retention")
    assert (
        done.code == 3
        and done.of("fail")
        and all(one["kind"] in ("plan", "run", "trace", "experiment") for one in done.of("fail"))
    )
    assert (
        done.summary["removed"]["runs"] == 1
        and done.summary["removed"]["experiments"] == 1
        and done.summary["finished"]["objects"] == 0
    )
    assert world.keys("artifacts/") == sorted(keys)
    assert removable not in {row[0] for row in world.sql("SELECT run_uuid FROM runs")}
    again = world.run_job(retain, command="retention")
    assert (again.code, again.of("fail")) == (0, []), "told once"


def test_a_plan_of_the_image_before_is_finished(world: World) -> None:
    run, model, trace_id = uuid.uuid4().hex, f"m-{uuid.uuid4().hex}", f"tr-{uuid.uuid4().hex}"
    places = {
        "run": (run, f"artifacts/7/{run}/artifacts"),
        "loggedModel": (model, f"artifacts/7/models/{model}/artifacts"),
        "trace": (trace_id, f"artifacts/7/traces/{trace_id}/artifacts"),
    }
    for _, place in places.values():
        world.put(f"{place}/x")
    body = b"".join(
        line(**{**OLD_FORMAT, "kind": kind}, id=name, prefixes=[place])
        for kind, (name, place) in places.items()
    )
    planted(world, "2020-01-01T00-00-00Z-abcdef", body)
    done = world.run_job(retain, command="retention")
    assert (done.code, done.summary["finished"]["objects"]) == (0, 3), done.events
    assert world.keys("artifacts/") == []


@pytest.mark.parametrize("table", ["runs", "logged_models"])
def test_a_row_that_lives_where_older_versions_put_it_keeps_its_objects(
    world: World, table: str
) -> None:
    """Nobody can write these places, so they count wholly: the folder of a deleted experiment is swept around them."""
    active, gone = world.experiment("active"), deleted_experiment(world)
    place = f"artifacts/{gone}/imported/files"
    if table == "runs":
        world.sql(
            "UPDATE runs SET artifact_uri = %s WHERE run_uuid = %s",
            f"s3://{world.bucket_name}/{place}",
            world.run(active),
        )
    else:
        model = world.logged_model(active)
        world.sql(
            "UPDATE logged_models SET artifact_location = %s WHERE model_id = %s",
            f"s3://{world.bucket_name}/{place}",
            model,
        )
    mine, loose = world.put(f"{place}/a"), world.put(f"artifacts/{gone}/loose")
    assert removed(clean(world)) == {str(gone)}
    assert world.keys("artifacts/") == [mine] and loose


def test_a_part_that_was_changed_while_the_job_ran_is_skipped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow_instance.maintenance.report import ReportFolder

    experiment, run, keys = active_run(world)
    gone = deleted_experiment(world)
    deleted_run(world, gone)
    plain = ReportFolder.write_plan

    def changed(self: ReportFolder, items: Any) -> int:
        parts = plain(self, items)
        world.put(
            f"{self.path}/plan-0001.jsonl",
            line(**OLD_FORMAT, id=run, prefixes=[f"artifacts/{experiment}/{run}/artifacts"]),
        )
        return parts

    monkeypatch.setattr(ReportFolder, "write_plan", changed)
    done = world.run_job(retain, command="retention")
    assert done.code == 3 and "changed since it was written" in done.of("fail")[0]["message"]
    assert set(keys) <= set(world.keys("artifacts/"))
