"""What retention never removes: each protection beside the same thing without it."""

import pytest

from mlflow_instance.maintenance.retention import retain
from tests.maintenance.deleted import (
    OLD,
    ago,
    alias,
    clean,
    deleted_experiment,
    deleted_run,
    kept,
    logged_model,
    preview,
    reasons,
    removed,
    trace,
)
from tests.maintenance.emptied import EmptiedWorld
from tests.maintenance.world import World


@pytest.fixture
def world(emptied_world: EmptiedWorld) -> World:
    return emptied_world.again()


@pytest.mark.parametrize("stage", ["None", "Production", "Archived"])
def test_the_run_of_a_registered_version_is_kept_whole(world: World, stage: str) -> None:
    experiment = world.experiment("active")
    champion, other = deleted_run(world, experiment), deleted_run(world, experiment)
    world.version("fraud", 3, "s3://elsewhere/model", run=champion)
    world.sql("UPDATE model_versions SET current_stage = %s", stage)
    alias(world, "fraud", 3, "champion")
    said = clean(world)
    assert removed(said) == {other}
    assert kept(said) == {champion: ("registered", "model fraud version 3, alias champion")}


def test_a_version_that_is_deleted_itself_protects_nothing(world: World) -> None:
    experiment = world.experiment("active")
    run = deleted_run(world, experiment)
    world.version("fraud", 1, f"runs:/{run}/model", run=run)
    world.sql("UPDATE model_versions SET current_stage = 'Deleted_Internal'")
    assert removed(clean(world)) == {run}


SOURCES = {
    "proxied": "mlflow-artifacts:/{e}/{r}/artifacts/model",
    "proxied with the host": "mlflow-artifacts://mlflow.example.com:443/{e}/{r}/artifacts/model",
    "own bucket": "s3://{b}/artifacts/{e}/{r}/artifacts/model",
    "own bucket, proxied": "s3-proxied://{b}/artifacts/{e}/{r}/artifacts",
    "encoded": "mlflow-artifacts:/{e}/{r}/artifacts/my%20model",
    "encoded twice": "mlflow-artifacts:/%252e/{e}/{r}/artifacts/model",
    "through the proxy's route": "https://mlflow.example.com/api/2.0/mlflow-artifacts/artifacts/{e}/{r}/artifacts/model",
    "dots": "mlflow-artifacts:/{e}/x/../{r}/artifacts/model",
    "run": "runs:/{r}/model",
    "above": "mlflow-artifacts:/{e}",
    "the item": "mlflow-artifacts:/{e}/{r}/artifacts",
    "the item, slash": "mlflow-artifacts:/{e}/{r}/artifacts/",
}


@pytest.mark.parametrize("column", ["source", "storage_location"])
@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_a_version_protects_what_it_points_to(world: World, source: str, column: str) -> None:
    experiment, other = world.experiment("active"), world.experiment("other")
    champion, free = deleted_run(world, experiment), deleted_run(world, other)
    uri = source.format(e=experiment, r=champion, b=world.bucket_name)
    world.version(
        "fraud",
        1,
        uri if column == "source" else "dummy",
        storage=uri if column == "storage_location" else "dummy",
    )
    said = clean(world)
    assert (removed(said), reasons(said)) == ({free}, {champion: "registered"})


@pytest.mark.parametrize(
    "source",
    [
        "s3://other/artifacts/{e}/{r}/artifacts",
        "dummy-source",
        "file:///{r}",
        "models:/fraud/1",
        "",
    ],
)
def test_a_version_that_points_elsewhere_protects_nothing_here(world: World, source: str) -> None:
    experiment = world.experiment("active")
    run = deleted_run(world, experiment)
    world.version("fraud", 1, source.format(e=experiment, r=run))
    assert removed(clean(world)) == {run}


def test_a_copied_version_protects_the_version_that_it_names(world: World) -> None:
    experiment = world.experiment("active")
    run = deleted_run(world, experiment)
    world.version("dev", 1, f"mlflow-artifacts:/{experiment}/{run}/artifacts/model")
    world.version(
        "prod", 1, "models:/dev/1", storage=f"mlflow-artifacts:/{experiment}/{run}/artifacts/model"
    )
    world.sql(
        "UPDATE model_versions SET current_stage = 'Deleted_Internal', source = 'REDACTED', storage_location = NULL WHERE name = 'dev'"
    )
    assert kept(clean(world)) == {run: ("registered", "model prod version 1")}


def test_a_version_protects_the_logged_model_that_clients_find_by_its_run_and_name(
    world: World,
) -> None:
    experiment = world.experiment("active")
    run = world.run(experiment, status="FINISHED")
    model, other = (
        world.logged_model(experiment, run=run, stage="deleted", updated=ago(world, OLD), name=name)
        for name in ("forest", "tree")
    )
    world.version("fraud", 1, f"runs:/{run}/forest", run=run)
    said = clean(world)
    assert (removed(said), kept(said)) == (
        {other},
        {model: ("registered", "model fraud version 1")},
    )


@pytest.mark.parametrize(
    "source",
    [
        "models:/{m}",
        "mlflow-artifacts:/{e}/models/{m}/artifacts",
        "s3://{b}/artifacts/{e}/models/{m}/artifacts",
    ],
)
def test_a_registered_logged_model_is_kept_with_its_run(world: World, source: str) -> None:
    experiment = deleted_experiment(world)
    run, free = deleted_run(world, experiment), deleted_run(world, experiment)
    champion, deleted_champion = (
        logged_model(world, experiment, run=run),
        logged_model(world, experiment, OLD),
    )
    free_model = logged_model(world, experiment, OLD)
    for version, model in enumerate((champion, deleted_champion), 1):
        world.version(
            "fraud",
            version,
            source.format(m=model, e=experiment, b=world.bucket_name),
            storage="dummy",
        )
    said = clean(world)
    assert removed(said) == {free, free_model}
    assert reasons(said) == {
        run: "registered",
        champion: "registered",
        deleted_champion: "registered",
        str(experiment): "holds-kept",
    }


def test_the_champion_of_a_deleted_experiment_is_all_that_stays_of_it(world: World) -> None:
    experiment = deleted_experiment(world)
    run, champion = deleted_run(world, experiment), deleted_run(world, experiment)
    one = trace(world, experiment)
    world.put(f"artifacts/{experiment}/loose")
    world.version("fraud", 1, f"runs:/{champion}/model", run=champion)
    said = clean(world)
    assert removed(said) == {run, one}
    assert kept(said) == {
        champion: ("registered", "model fraud version 1"),
        str(experiment): ("holds-kept", f"run {champion}"),
    }
    assert world.keys("artifacts/") == [
        f"artifacts/{experiment}/{champion}/artifacts/model/weights",
        f"artifacts/{experiment}/loose",
    ]


def test_a_registered_path_that_is_no_items_keeps_the_experiment(world: World) -> None:
    experiment, other = deleted_experiment(world), deleted_experiment(world, "other")
    world.put(f"artifacts/{experiment}/exported/model")
    world.put(f"artifacts/{other}/exported/model")
    world.version("fraud", 1, f"mlflow-artifacts:/{experiment}/exported")
    said = clean(world)
    assert (removed(said), reasons(said)) == ({str(other)}, {str(experiment): "registered"})
    assert world.keys("artifacts/") == [f"artifacts/{experiment}/exported/model"]


LOCATIONS = {
    "another bucket": "s3://elsewhere/{r}/artifacts",
    "a file": "file:///tmp/{r}/artifacts",
    "another host": "mlflow-artifacts://other/1/{r}/artifacts",
    "out of the item": "mlflow-artifacts:/1/{r}/../artifacts",
    "not its own": "mlflow-artifacts:/1/artifacts",
    "all": "mlflow-artifacts:/",
    "the bucket": "s3://{b}/",
    "the jobs' own folder": "s3://{b}/maintenance/{r}",
    "the final dumps' folder": "s3://{b}/final-dump/{r}",
    "empty": "",
    "encoded": "mlflow-artifacts:/1/{r}%2F..",
}


@pytest.mark.parametrize("location", LOCATIONS.values(), ids=LOCATIONS)
def test_a_run_whose_location_is_not_plainly_its_own_in_this_bucket_is_kept(
    world: World, location: str
) -> None:
    experiment = deleted_experiment(world)
    plain, odd = deleted_run(world, experiment), deleted_run(world, experiment)
    world.sql(
        "UPDATE runs SET artifact_uri = %s WHERE run_uuid = %s",
        location.format(r=odd, b=world.bucket_name),
        odd,
    )
    said = clean(world)
    assert removed(said) == {plain}
    # A folder of the bucket that is not the run's computed place is told apart from what is no
    # folder of it.
    reason = "elsewhere" if location == LOCATIONS["not its own"] else "not-in-bucket"
    assert reasons(said) == {odd: reason, str(experiment): "holds-kept"}


def test_a_location_in_another_folder_of_the_own_bucket_is_the_instances_own(world: World) -> None:
    experiment = deleted_experiment(world, location=f"s3-proxied://{world.bucket_name}/team/x")
    run = world.run(experiment, stage="deleted", deleted=ago(world, OLD), uri="")
    world.sql(
        "UPDATE runs SET artifact_uri = %s WHERE run_uuid = %s",
        f"s3-proxied://{world.bucket_name}/team/x/{run}/artifacts",
        run,
    )
    world.put(f"team/x/{run}/artifacts/a")
    world.put("team/x/loose")
    world.put("team/xy/other")
    clean_result = preview(world)
    assert removed(clean_result) == {run, str(experiment)}
    assert world.run_job(retain, command="retention").code == 0
    assert world.keys("team/") == ["team/xy/other"]


def test_an_experiment_elsewhere_is_kept_and_is_no_failure(world: World) -> None:
    experiment = deleted_experiment(world, location="s3://elsewhere/x")
    assert reasons(clean(world)) == {str(experiment): "not-in-bucket"}


def test_an_experiment_at_the_root_keeps_nobody_elses_folder(world: World) -> None:
    """Its runs have places of their own; otherwise anybody could keep what is left of all experiments."""
    root = world.experiment("root", location="mlflow-artifacts:/")
    kept_run = world.run(root, uri="")
    world.sql(
        "UPDATE runs SET artifact_uri = %s WHERE run_uuid = %s",
        f"mlflow-artifacts:/{kept_run}/artifacts",
        kept_run,
    )
    theirs = world.put(f"artifacts/{kept_run}/artifacts/model")
    experiment = deleted_experiment(world)
    world.put(f"artifacts/{experiment}/loose")
    assert removed(clean(world)) == {str(experiment)}
    assert world.keys("artifacts/") == [theirs]


@pytest.mark.parametrize("where", ["{0}/inner", "{0}"])
def test_an_experiments_folder_that_another_lives_in_is_not_swept(world: World, where: str) -> None:
    experiment = deleted_experiment(world)
    world.experiment("neighbour", location=f"mlflow-artifacts:/{where.format(experiment)}")
    run = deleted_run(world, experiment)
    inner, loose = (
        world.put(f"artifacts/{experiment}/inner/neighbours"),
        world.put(f"artifacts/{experiment}/loose"),
    )
    said = clean(world)
    assert removed(said) == {run, str(experiment)}
    assert world.keys("artifacts/") == [inner, loose]


def test_an_experiment_inside_a_runs_folder_keeps_its_objects(world: World) -> None:
    experiment = world.experiment("active")
    run = deleted_run(world, experiment)
    world.experiment("guest", location=f"mlflow-artifacts:/{experiment}/{run}/artifacts/guest")
    guest = world.put(f"artifacts/{experiment}/{run}/artifacts/guest/file")
    near = world.put(f"artifacts/{experiment}/{run}/artifacts/guest-book")
    assert removed(clean(world)) == {run}
    assert world.keys("artifacts/") == [guest] and near
