"""The scene that interrupted retention runs start from, and what must be true of it after each."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

from mlflow_instance.maintenance.privileges import RETENTION
from mlflow_instance.maintenance.retention import retain
from mlflow_instance.maintenance.unfinished import folders
from tests.maintenance.world import World, days, make_world
from tests.support.postgres import Postgres
from tests.support.store import ObjectStore


@dataclass
class Scene:
    """A database and objects that every test of interrupted runs starts from."""

    template: str
    objects: dict[str, bytes]
    now: int
    # Of an undisturbed run.
    rows: dict[str, list[str]]
    keys: list[str]


TABLES = (
    "experiments",
    "runs",
    "tags",
    "metrics",
    "logged_models",
    "trace_info",
    "trace_tags",
    "model_versions",
    "inputs",
)


def seed(world: World) -> None:
    old = world.now - days(40)
    gone = world.experiment("gone", stage="deleted", updated=old)
    active = world.experiment("active")
    runs = [
        world.run(experiment, stage="deleted", deleted=old)
        for experiment in (gone, gone, active, active, active)
    ]
    runs.append(world.run(active, stage="deleted", deleted=world.now - days(1)))
    runs.append(world.run(active))
    for run in runs:
        ((experiment,),) = world.sql("SELECT experiment_id FROM runs WHERE run_uuid = %s", run)
        world.metric(run, old)
        for name in ("a", "b/c"):
            world.put(f"artifacts/{experiment}/{run}/artifacts/{name}")
    champion = world.run(gone, stage="deleted", deleted=old)
    world.put(f"artifacts/{gone}/{champion}/artifacts/model")
    world.version("fraud", 1, f"runs:/{champion}/model", run=champion)
    empty = world.experiment("all-gone", stage="deleted", updated=old)
    for experiment in (gone, empty):
        model, trace = world.logged_model(experiment), world.trace(experiment, at=old)
        world.put(f"artifacts/{experiment}/models/{model}/artifacts/MLmodel")
        world.put(f"artifacts/{experiment}/traces/{trace}/artifacts/traces.json")
        world.put(f"artifacts/{experiment}/loose")


def hostile(world: World) -> None:
    """What a user can write to steer a removal, with its victim: an active run whose keys must be there after every kill."""
    ((active,),) = world.sql("SELECT experiment_id FROM experiments WHERE name = 'active'")
    victim = world.run(active, tags={"keep": ""})
    for name in ("a", "traces/x/artifacts/b"):
        world.put(f"artifacts/{active}/{victim}/artifacts/{name}")
    old = world.now - days(40)
    above = world.experiment(
        "above",
        stage="deleted",
        updated=old,
        location=f"mlflow-artifacts:/{active}/{victim}/artifacts",
    )
    with_id = world.experiment("with the id", stage="deleted", updated=old)
    for experiment, trace, location in (
        (above, "x", f"mlflow-artifacts:/{active}/{victim}/artifacts/traces/x/artifacts"),
        (with_id, victim, f"mlflow-artifacts:/{active}/{victim}/artifacts"),
    ):
        world.sql(
            "INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, status) VALUES (%s, %s, %s, 'OK')",
            trace,
            experiment,
            old,
        )
        world.sql(
            "INSERT INTO trace_tags (request_id, key, value) VALUES (%s, 'mlflow.artifactLocation', %s)",
            trace,
            location,
        )
    world.version("everything", 1, f"s3://{world.bucket_name}/")
    world.experiment("root", location="mlflow-artifacts:/")


def plant(world: World) -> World:
    """Plans that a user wrote, before the server was kept out of this folder."""
    ((victim, active),) = world.sql(
        "SELECT r.run_uuid, r.experiment_id FROM runs r JOIN tags k USING (run_uuid) WHERE k.key = 'keep'"
    )
    for number, prefix in enumerate(
        (f"artifacts/{active}/{victim}/artifacts", f"artifacts/{active}")
    ):
        line = {
            "kind": "run",
            "id": uuid.uuid4().hex,
            "name": None,
            "experiment": active,
            "deleted": None,
            "prefixes": [prefix],
        }
        world.put(
            f"maintenance/retention/2020-01-01T00-00-0{number}Z-abcdef/plan-0001.jsonl",
            json.dumps(line).encode(),
        )
    return world


def rows(world: World) -> dict[str, list[str]]:
    return {
        table: sorted(row[0] for row in world.sql(f"SELECT to_jsonb(t)::text FROM {table} t"))
        for table in TABLES
    }


def copy(scene: Scene, postgres: Postgres, object_store: ObjectStore) -> World:
    world = make_world(postgres, scene.template, object_store, RETENTION)
    world.now = scene.now
    client = object_store.client()
    for key, body in scene.objects.items():
        client.put_object(Bucket=world.bucket_name, Key=key, Body=body)
    return world


def whole_or_gone(world: World, scene: Scene) -> None:
    """Whatever happened: what has its row has all of its objects."""
    keys = set(world.keys("artifacts/"))
    items = [
        str(row[0])
        for row in world.sql(
            "SELECT run_uuid FROM runs UNION SELECT model_id FROM logged_models UNION SELECT request_id FROM trace_info"
        )
    ]
    for key in scene.objects:
        if any(f"/{item}/" in key for item in items):
            assert key in keys, f"{key} is missing and its row is there"


def is_as_undisturbed(world: World, scene: Scene) -> None:
    assert rows(world) == scene.rows
    assert world.keys("artifacts/") == scene.keys
    with world.job() as (context, _):
        assert all(finished for _, finished in folders(context.bucket, "retention"))


def second_run(world: World, scene: Scene, *, told: bool = False) -> Any:
    """`told`: planted plans make it 3 the first time that a run reads them."""
    done = world.run_job(retain, command="retention")
    assert done.code == 0 or (
        told and done.code == 3 and {one["kind"] for one in done.of("fail")} == {"plan"}
    ), done.events
    is_as_undisturbed(world, scene)
    return done
