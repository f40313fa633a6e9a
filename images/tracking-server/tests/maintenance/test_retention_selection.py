"""What retention removes and what it keeps, rule by rule: each protection beside the same thing without it."""

from collections.abc import Iterator

import pytest

from mlflow_instance.maintenance.privileges import RETENTION
from mlflow_instance.maintenance.retention import retain
from tests.maintenance.world import Outcome, World, days, make_world
from tests.support.postgres import Postgres
from tests.support.store import ObjectStore

OLD, RECENT = 31, 29


@pytest.fixture
def world(postgres: Postgres, migrated_template: str, object_store: ObjectStore) -> Iterator[World]:
    world = make_world(postgres, migrated_template, object_store, RETENTION)
    yield world
    world.rows.close()


def ago(world: World, number: float) -> int:
    return world.now - days(number)


def deleted_run(world: World, experiment: int, age: float | None = OLD, **options: object) -> str:
    deleted = None if age is None else ago(world, age)
    run = world.run(experiment, status="FINISHED", stage="deleted", deleted=deleted, **options)  # type: ignore[arg-type]
    world.put(f"artifacts/{experiment}/{run}/artifacts/model/weights", b"12345")
    return run


def deleted_experiment(world: World, name: str = "gone", age: float = OLD, **options: object) -> int:
    return world.experiment(name, stage="deleted", updated=ago(world, age), **options)  # type: ignore[arg-type]


def logged_model(world: World, experiment: int, age: float | None = None, run: str | None = None) -> str:
    stage, updated = ("active", None) if age is None else ("deleted", ago(world, age))
    model = world.logged_model(experiment, stage=stage, updated=updated, run=run)
    world.put(f"artifacts/{experiment}/models/{model}/artifacts/MLmodel", b"123")
    return model


def trace(world: World, experiment: int, tags: dict[str, str] | None = None, run: str | None = None) -> str:
    trace = world.trace(experiment, at=ago(world, 40), tags=tags, run=run)
    world.put(f"artifacts/{experiment}/traces/{trace}/artifacts/traces.json", b"1")
    return trace


def alias(world: World, model: str, version: int, name: str) -> None:
    world.sql("INSERT INTO registered_model_aliases (workspace, name, version, alias) VALUES ('default', %s, %s, %s)", model, version, name)


def preview(world: World) -> Outcome:
    return world.run_job(retain, command="retention", dry_run=True)


def clean(world: World) -> Outcome:
    """A real run, after a dry run that must say exactly what it then does."""
    said = preview(world)
    assert said.code == 0
    before = set(world.keys("artifacts/"))
    done = world.run_job(retain, command="retention")
    assert done.code == 0, done.events
    assert [one["event"] for one in done.events] == ["summary"]
    assert done.summary["removed"] == said.summary["removed"]
    assert done.summary["kept"] == said.summary["kept"]
    assert said.summary["removed"]["objects"] == len(before - set(world.keys("artifacts/")))
    assert sum(one["objects"] for one in said.of("remove")) == said.summary["removed"]["objects"]
    assert sum(one["bytes"] for one in said.of("remove")) == said.summary["removed"]["bytes"]
    return said


def removed(outcome: Outcome) -> set[str]:
    return {one["id"] for one in outcome.of("remove")}


def kept(outcome: Outcome) -> dict[str, tuple[str, str | None]]:
    return {one["id"]: (one["reason"], one.get("because")) for one in outcome.of("keep")}


def reasons(outcome: Outcome) -> dict[str, str]:
    return {item: reason for item, (reason, _) in kept(outcome).items()}


def ids(world: World, table: str, column: str) -> set[str]:
    return {str(row[0]) for row in world.sql(f"SELECT {column} FROM {table}")}


def test_a_deleted_run_goes_when_its_time_has_come_and_not_before(world: World) -> None:
    experiment = world.experiment("active")
    old, recent, unknown = deleted_run(world, experiment), deleted_run(world, experiment, RECENT), deleted_run(world, experiment, None)
    active = world.run(experiment, status="FINISHED")
    said = clean(world)
    assert removed(said) == {old}
    assert reasons(said) == {recent: "recent", unknown: "unknown-deletion-time"}
    assert ids(world, "runs", "run_uuid") == {recent, unknown, active}
    assert {key.split("/")[2] for key in world.keys("artifacts/")} == {recent, unknown}


def test_what_is_said_of_an_item(world: World) -> None:
    experiment = world.experiment("active")
    old, recent = deleted_run(world, experiment), deleted_run(world, experiment, RECENT)
    said = preview(world)
    (line,) = said.of("remove")
    assert line | {"deletedAt": ""} == {
        "event": "remove",
        "kind": "run",
        "id": old,
        "name": f"run-{old[:4]}",
        "experiment": str(experiment),
        "deletedAt": "",
        "objects": 1,
        "bytes": 5,
    }
    (line,) = said.of("keep")
    assert (line["id"], line["reason"]) == (recent, "recent")
    assert line["because"].startswith("20") and line["because"].endswith("Z")
    assert said.summary["removed"] == {"runs": 1, "loggedModels": 0, "traces": 0, "experiments": 0, "objects": 1, "bytes": 5}


def test_a_dry_run_changes_nothing(world: World) -> None:
    experiment = deleted_experiment(world)
    deleted_run(world, experiment), logged_model(world, experiment), trace(world, experiment)
    keys = world.keys()
    said = preview(world)
    assert len(removed(said)) == 4
    assert world.keys() == keys, "not even a report"
    assert len(ids(world, "runs", "run_uuid")) == 1


def test_the_exact_end_of_the_grace(world: World) -> None:
    experiment = world.experiment("active")
    at, after = (world.run(experiment, stage="deleted", deleted=ago(world, 30) + late) for late in (0, 1))
    assert removed(clean(world)) == {at}
    assert ids(world, "runs", "run_uuid") == {after}


def test_an_experiment_goes_with_all_that_is_in_it(world: World) -> None:
    experiment = deleted_experiment(world)
    run = deleted_run(world, experiment)
    models = {logged_model(world, experiment, run=run), logged_model(world, experiment, OLD)}
    traces = {trace(world, experiment), trace(world, experiment)}
    world.put(f"artifacts/{experiment}/loose/file")
    world.put(f"artifacts/{experiment}9/not-it")
    said = clean(world)
    assert removed(said) == {run, *models, *traces, str(experiment)}
    assert said.summary["removed"]["objects"] == 6
    assert world.keys("artifacts/") == [f"artifacts/{experiment}9/not-it"]
    assert str(experiment) not in ids(world, "experiments", "experiment_id")


def test_an_experiment_whose_grace_lasts_keeps_everything(world: World) -> None:
    experiment = deleted_experiment(world, age=RECENT)
    run, model, one = deleted_run(world, experiment, RECENT), logged_model(world, experiment), trace(world, experiment)
    said = clean(world)
    assert removed(said) == set()
    assert reasons(said) == {run: "recent", str(experiment): "recent"}
    assert model in ids(world, "logged_models", "model_id") and one in ids(world, "trace_info", "request_id")


def test_a_run_of_an_expired_experiment_that_is_active_again_stays_with_its_model(world: World) -> None:
    experiment = deleted_experiment(world)
    gone, back = deleted_run(world, experiment), world.run(experiment, status="FINISHED")
    its_model, other_model = logged_model(world, experiment, run=back), logged_model(world, experiment, run=gone)
    said = clean(world)
    assert removed(said) == {gone, other_model}
    assert kept(said) == {
        its_model: ("holds-kept", f"run {back}"),
        str(experiment): ("holds-kept", f"run {back} is active"),
    }
    assert len(world.keys("artifacts/")) == 1


def test_a_deleted_model_goes_and_an_active_one_stays_whatever_becomes_of_its_run(world: World) -> None:
    experiment = world.experiment("active")
    run = deleted_run(world, experiment)
    old, recent, active = logged_model(world, experiment, OLD), logged_model(world, experiment, RECENT), logged_model(world, experiment, run=run)
    said = clean(world)
    assert removed(said) == {run, old}
    assert ids(world, "logged_models", "model_id") == {recent, active}


def test_a_model_deleted_lately_outlives_its_expired_experiment(world: World) -> None:
    experiment = deleted_experiment(world)
    model = logged_model(world, experiment, RECENT)
    assert reasons(clean(world)) == {model: "recent", str(experiment): "holds-kept"}


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
    world.version("fraud", 1, uri if column == "source" else "dummy", storage=uri if column == "storage_location" else "dummy")
    said = clean(world)
    assert (removed(said), reasons(said)) == ({free}, {champion: "registered"})


@pytest.mark.parametrize("source", ["s3://other/artifacts/{e}/{r}/artifacts", "dummy-source", "file:///{r}", "models:/fraud/1", ""])
def test_a_version_that_points_elsewhere_protects_nothing_here(world: World, source: str) -> None:
    experiment = world.experiment("active")
    run = deleted_run(world, experiment)
    world.version("fraud", 1, source.format(e=experiment, r=run))
    assert removed(clean(world)) == {run}


def test_a_copied_version_protects_the_version_that_it_names(world: World) -> None:
    experiment = world.experiment("active")
    run = deleted_run(world, experiment)
    world.version("dev", 1, f"mlflow-artifacts:/{experiment}/{run}/artifacts/model")
    world.version("prod", 1, "models:/dev/1", storage=f"mlflow-artifacts:/{experiment}/{run}/artifacts/model")
    world.sql("UPDATE model_versions SET current_stage = 'Deleted_Internal', source = 'REDACTED', storage_location = NULL WHERE name = 'dev'")
    assert kept(clean(world)) == {run: ("registered", "model prod version 1")}


def test_a_version_protects_the_logged_model_that_clients_find_by_its_run_and_name(world: World) -> None:
    experiment = world.experiment("active")
    run = world.run(experiment, status="FINISHED")
    model, other = (
        world.logged_model(experiment, run=run, stage="deleted", updated=ago(world, OLD), name=name) for name in ("forest", "tree")
    )
    world.version("fraud", 1, f"runs:/{run}/forest", run=run)
    said = clean(world)
    assert (removed(said), kept(said)) == ({other}, {model: ("registered", "model fraud version 1")})


@pytest.mark.parametrize("source", ["models:/{m}", "mlflow-artifacts:/{e}/models/{m}/artifacts", "s3://{b}/artifacts/{e}/models/{m}/artifacts"])
def test_a_registered_logged_model_is_kept_with_its_run(world: World, source: str) -> None:
    experiment = deleted_experiment(world)
    run, free = deleted_run(world, experiment), deleted_run(world, experiment)
    champion, deleted_champion = logged_model(world, experiment, run=run), logged_model(world, experiment, OLD)
    free_model = logged_model(world, experiment, OLD)
    for version, model in enumerate((champion, deleted_champion), 1):
        world.version("fraud", version, source.format(m=model, e=experiment, b=world.bucket_name), storage="dummy")
    said = clean(world)
    assert removed(said) == {free, free_model}
    assert reasons(said) == {run: "registered", champion: "registered", deleted_champion: "registered", str(experiment): "holds-kept"}


def test_the_champion_of_a_deleted_experiment_is_all_that_stays_of_it(world: World) -> None:
    experiment = deleted_experiment(world)
    run, champion = deleted_run(world, experiment), deleted_run(world, experiment)
    one = trace(world, experiment)
    world.put(f"artifacts/{experiment}/loose")
    world.version("fraud", 1, f"runs:/{champion}/model", run=champion)
    said = clean(world)
    assert removed(said) == {run, one}
    assert kept(said) == {champion: ("registered", "model fraud version 1"), str(experiment): ("holds-kept", f"run {champion}")}
    assert world.keys("artifacts/") == [f"artifacts/{experiment}/{champion}/artifacts/model/weights", f"artifacts/{experiment}/loose"]


def test_a_registered_path_that_is_no_items_keeps_the_experiment(world: World) -> None:
    experiment, other = deleted_experiment(world), deleted_experiment(world, "other")
    world.put(f"artifacts/{experiment}/exported/model")
    world.put(f"artifacts/{other}/exported/model")
    world.version("fraud", 1, f"mlflow-artifacts:/{experiment}/exported")
    said = clean(world)
    assert (removed(said), reasons(said)) == ({str(other)}, {str(experiment): "registered"})
    assert world.keys("artifacts/") == [f"artifacts/{experiment}/exported/model"]


def test_the_tag_keep_on_each_kind(world: World) -> None:
    active, expired = world.experiment("active"), deleted_experiment(world)
    runs = [deleted_run(world, active) for _ in range(2)]
    world.tag(runs[0], "keep", "")
    models = [logged_model(world, active, OLD) for _ in range(2)]
    world.sql("INSERT INTO logged_model_tags (model_id, experiment_id, tag_key, tag_value) VALUES (%s, %s, 'keep', 'no')", models[0], active)
    traces = [trace(world, expired, tags={"keep": "1"}), trace(world, expired, tags={"keeper": "1"})]
    said = clean(world)
    assert removed(said) == {runs[1], models[1], traces[1]}
    assert reasons(said) == {runs[0]: "keep-tag", models[0]: "keep-tag", traces[0]: "keep-tag", str(expired): "holds-kept"}


@pytest.mark.parametrize("state", ["active", "deleted"])
def test_the_tag_keep_on_an_experiment_keeps_everything_in_it(world: World, state: str) -> None:
    experiment = world.experiment("kept") if state == "active" else deleted_experiment(world, "kept")
    other = deleted_experiment(world, "other")
    world.sql("INSERT INTO experiment_tags (experiment_id, key, value) VALUES (%s, 'keep', '')", experiment)
    world.sql("INSERT INTO experiment_tags (experiment_id, key, value) VALUES (%s, 'keeps', '')", other)
    run, model, one = deleted_run(world, experiment), logged_model(world, experiment, OLD), trace(world, experiment)
    said = clean(world)
    assert removed(said) == {str(other)}
    assert kept(said)[run] == ("keep-tag", "tag keep of experiment kept")
    assert reasons(said) == {run: "keep-tag", model: "keep-tag"} | ({} if state == "active" else {one: "keep-tag", str(experiment): "keep-tag"})


def test_a_tagged_run_keeps_its_expired_experiment_and_its_own_model(world: World) -> None:
    experiment = deleted_experiment(world)
    run = deleted_run(world, experiment, tags={"keep": ""})
    its_model, its_deleted_model = logged_model(world, experiment, run=run), logged_model(world, experiment, OLD, run=run)
    said = clean(world)
    assert removed(said) == {its_deleted_model}
    assert reasons(said) == {run: "keep-tag", its_model: "holds-kept", str(experiment): "holds-kept"}


LOCATIONS = {
    "another bucket": "s3://elsewhere/{r}/artifacts",
    "a file": "file:///tmp/{r}/artifacts",
    "another host": "mlflow-artifacts://other/1/{r}/artifacts",
    "out of the item": "mlflow-artifacts:/1/{r}/../artifacts",
    "not its own": "mlflow-artifacts:/1/artifacts",
    "all": "mlflow-artifacts:/",
    "the bucket": "s3://{b}/",
    "the jobs' own folder": "s3://{b}/maintenance/{r}",
    "empty": "",
    "encoded": "mlflow-artifacts:/1/{r}%2F..",
}


@pytest.mark.parametrize("location", LOCATIONS.values(), ids=LOCATIONS)
def test_a_run_whose_location_is_not_plainly_its_own_in_this_bucket_is_kept(world: World, location: str) -> None:
    experiment = deleted_experiment(world)
    plain, odd = deleted_run(world, experiment), deleted_run(world, experiment)
    world.sql("UPDATE runs SET artifact_uri = %s WHERE run_uuid = %s", location.format(r=odd, b=world.bucket_name), odd)
    said = clean(world)
    assert removed(said) == {plain}
    assert reasons(said) == {odd: "not-in-bucket", str(experiment): "holds-kept"}


def test_a_location_in_another_folder_of_the_own_bucket_is_the_instances_own(world: World) -> None:
    experiment = deleted_experiment(world, location=f"s3-proxied://{world.bucket_name}/team/x")
    run = world.run(experiment, stage="deleted", deleted=ago(world, OLD), uri="")
    world.sql("UPDATE runs SET artifact_uri = %s WHERE run_uuid = %s", f"s3-proxied://{world.bucket_name}/team/x/{run}/artifacts", run)
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


@pytest.mark.parametrize("where", ["{0}/inner", "{0}", ""])
def test_an_experiments_folder_that_another_lives_in_is_not_swept(world: World, where: str) -> None:
    experiment = deleted_experiment(world)
    world.experiment("neighbour", location=f"mlflow-artifacts:/{where.format(experiment)}")
    run = deleted_run(world, experiment)
    inner, loose = world.put(f"artifacts/{experiment}/inner/neighbours"), world.put(f"artifacts/{experiment}/loose")
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


def test_a_trace_goes_with_its_archive(world: World) -> None:
    experiment = deleted_experiment(world)
    archived = world.trace(experiment, at=ago(world, 40))
    location = f"mlflow-artifacts:/archive/{experiment}/traces/{archived}/artifacts"
    world.sql("INSERT INTO trace_tags (request_id, key, value) VALUES (%s, 'mlflow.trace.archiveLocation', %s)", archived, location)
    world.put(f"artifacts/archive/{experiment}/traces/{archived}/artifacts/traces.pb")
    world.put(f"artifacts/{experiment}/traces/{archived}/artifacts/traces.json")
    said = clean(world)
    assert removed(said) == {archived, str(experiment)}
    assert world.keys("artifacts/") == []


def test_an_experiment_with_a_guardrail_is_kept(world: World) -> None:
    experiment = deleted_experiment(world)
    world.sql("INSERT INTO scorers (experiment_id, scorer_name, scorer_id) VALUES (%s, 's', 'scorer')", experiment)
    world.sql("INSERT INTO scorer_versions (scorer_id, scorer_version, serialized_scorer) VALUES ('scorer', 1, '{}')")
    world.sql(
        "INSERT INTO guardrails (guardrail_id, name, scorer_id, scorer_version, stage, action, created_at, last_updated_at) "
        "VALUES ('g', 'no-secrets', 'scorer', 1, 'BEFORE', 'BLOCK', 0, 0)"
    )
    assert kept(clean(world)) == {str(experiment): ("holds-kept", "guardrail no-secrets")}


def test_nothing_to_do_is_done(world: World) -> None:
    said = clean(world)
    assert removed(said) == set() and kept(said) == {}
    assert said.summary["cutoff"].endswith("Z") and said.summary["retention"] == "30d"
