"""What retention removes and when, and what the tag `keep` keeps."""

import pytest

from tests.maintenance.deleted import (
    OLD,
    RECENT,
    ago,
    clean,
    deleted_experiment,
    deleted_run,
    ids,
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


def test_a_deleted_run_goes_when_its_time_has_come_and_not_before(world: World) -> None:
    experiment = world.experiment("active")
    old, recent, unknown = (
        deleted_run(world, experiment),
        deleted_run(world, experiment, RECENT),
        deleted_run(world, experiment, None),
    )
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
    assert said.summary["removed"] == {
        "runs": 1,
        "loggedModels": 0,
        "traces": 0,
        "experiments": 0,
        "objects": 1,
        "bytes": 5,
    }


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
    at, after = (
        world.run(experiment, stage="deleted", deleted=ago(world, 30) + late) for late in (0, 1)
    )
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
    run, model, one = (
        deleted_run(world, experiment, RECENT),
        logged_model(world, experiment),
        trace(world, experiment),
    )
    said = clean(world)
    assert removed(said) == set()
    assert reasons(said) == {run: "recent", str(experiment): "recent"}
    assert model in ids(world, "logged_models", "model_id") and one in ids(
        world, "trace_info", "request_id"
    )


def test_a_run_of_an_expired_experiment_that_is_active_again_stays_with_its_model(
    world: World,
) -> None:
    experiment = deleted_experiment(world)
    gone, back = deleted_run(world, experiment), world.run(experiment, status="FINISHED")
    its_model, other_model = (
        logged_model(world, experiment, run=back),
        logged_model(world, experiment, run=gone),
    )
    said = clean(world)
    assert removed(said) == {gone, other_model}
    assert kept(said) == {
        its_model: ("holds-kept", f"run {back}"),
        str(experiment): ("holds-kept", f"run {back} is active"),
    }
    assert len(world.keys("artifacts/")) == 1


def test_a_deleted_model_goes_and_an_active_one_stays_whatever_becomes_of_its_run(
    world: World,
) -> None:
    experiment = world.experiment("active")
    run = deleted_run(world, experiment)
    old, recent, active = (
        logged_model(world, experiment, OLD),
        logged_model(world, experiment, RECENT),
        logged_model(world, experiment, run=run),
    )
    said = clean(world)
    assert removed(said) == {run, old}
    assert ids(world, "logged_models", "model_id") == {recent, active}


def test_a_model_deleted_lately_outlives_its_expired_experiment(world: World) -> None:
    experiment = deleted_experiment(world)
    model = logged_model(world, experiment, RECENT)
    assert reasons(clean(world)) == {model: "recent", str(experiment): "holds-kept"}


def test_the_tag_keep_on_each_kind(world: World) -> None:
    active, expired = world.experiment("active"), deleted_experiment(world)
    runs = [deleted_run(world, active) for _ in range(2)]
    world.tag(runs[0], "keep", "")
    models = [logged_model(world, active, OLD) for _ in range(2)]
    world.sql(
        "INSERT INTO logged_model_tags (model_id, experiment_id, tag_key, tag_value) VALUES (%s, %s, 'keep', 'no')",
        models[0],
        active,
    )
    traces = [
        trace(world, expired, tags={"keep": "1"}),
        trace(world, expired, tags={"keeper": "1"}),
    ]
    said = clean(world)
    assert removed(said) == {runs[1], models[1], traces[1]}
    assert reasons(said) == {
        runs[0]: "keep-tag",
        models[0]: "keep-tag",
        traces[0]: "keep-tag",
        str(expired): "holds-kept",
    }


@pytest.mark.parametrize("state", ["active", "deleted"])
def test_the_tag_keep_on_an_experiment_keeps_everything_in_it(world: World, state: str) -> None:
    experiment = (
        world.experiment("kept") if state == "active" else deleted_experiment(world, "kept")
    )
    other = deleted_experiment(world, "other")
    world.sql(
        "INSERT INTO experiment_tags (experiment_id, key, value) VALUES (%s, 'keep', '')",
        experiment,
    )
    world.sql(
        "INSERT INTO experiment_tags (experiment_id, key, value) VALUES (%s, 'keeps', '')", other
    )
    run, model, one = (
        deleted_run(world, experiment),
        logged_model(world, experiment, OLD),
        trace(world, experiment),
    )
    said = clean(world)
    assert removed(said) == {str(other)}
    assert kept(said)[run] == ("keep-tag", "tag keep of experiment kept")
    assert reasons(said) == {run: "keep-tag", model: "keep-tag"} | (
        {} if state == "active" else {one: "keep-tag", str(experiment): "keep-tag"}
    )


def test_a_tagged_run_keeps_its_expired_experiment_and_its_own_model(world: World) -> None:
    experiment = deleted_experiment(world)
    run = deleted_run(world, experiment, tags={"keep": ""})
    its_model, its_deleted_model = (
        logged_model(world, experiment, run=run),
        logged_model(world, experiment, OLD, run=run),
    )
    said = clean(world)
    assert removed(said) == {its_deleted_model}
    assert reasons(said) == {
        run: "keep-tag",
        its_model: "holds-kept",
        str(experiment): "holds-kept",
    }


def test_a_trace_whose_archive_is_elsewhere_is_kept_with_its_experiment(world: World) -> None:
    experiment = deleted_experiment(world)
    archived = world.trace(experiment, at=ago(world, 40))
    location = f"mlflow-artifacts:/archive/{experiment}/traces/{archived}/artifacts"
    world.sql(
        "INSERT INTO trace_tags (request_id, key, value) VALUES (%s, 'mlflow.trace.archiveLocation', %s)",
        archived,
        location,
    )
    world.put(f"artifacts/archive/{experiment}/traces/{archived}/artifacts/traces.pb")
    world.put(f"artifacts/{experiment}/traces/{archived}/artifacts/traces.json")
    said = clean(world)
    assert kept(said) == {
        archived: ("elsewhere", location),
        str(experiment): ("holds-kept", f"trace {archived}"),
    }
    assert len(world.keys("artifacts/")) == 2


def test_an_experiment_with_a_guardrail_is_kept(world: World) -> None:
    experiment = deleted_experiment(world)
    world.sql(
        "INSERT INTO scorers (experiment_id, scorer_name, scorer_id) VALUES (%s, 's', 'scorer')",
        experiment,
    )
    world.sql(
        "INSERT INTO scorer_versions (scorer_id, scorer_version, serialized_scorer) VALUES ('scorer', 1, '{}')"
    )
    world.sql(
        "INSERT INTO guardrails (guardrail_id, name, scorer_id, scorer_version, stage, action, created_at, last_updated_at) "
        "VALUES ('g', 'no-secrets', 'scorer', 1, 'BEFORE', 'BLOCK', 0, 0)"
    )
    assert kept(clean(world)) == {str(experiment): ("holds-kept", "guardrail no-secrets")}


def test_nothing_to_do_is_done(world: World) -> None:
    said = clean(world)
    assert removed(said) == set() and kept(said) == {}
    assert said.summary["cutoff"].endswith("Z") and said.summary["retention"] == "30d"
