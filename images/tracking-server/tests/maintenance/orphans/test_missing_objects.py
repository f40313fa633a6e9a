"""Rows whose objects are missing are reported, each by its kind, and stay."""

import uuid

from tests.maintenance.orphans.reports import missing, remove, report
from tests.maintenance.world import World, days


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
