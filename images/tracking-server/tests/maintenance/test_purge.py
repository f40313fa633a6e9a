"""One named thing goes now, whole and with its name typed, or nothing of anything does."""

import json
import signal
from itertools import cycle
from typing import Any

import pytest

from mlflow_instance.maintenance import purge, removal
from mlflow_instance.maintenance.command import execute
from mlflow_instance.maintenance.errors import StoreUnreachable
from mlflow_instance.maintenance.items import EXPERIMENT, MODEL, RUN, TRACE
from mlflow_instance.maintenance.lock import take_lock
from mlflow_instance.maintenance.named import Named
from mlflow_instance.maintenance.privileges import RETENTION
from mlflow_instance.maintenance.purge import Request, purging
from mlflow_instance.maintenance.retention import retain
from mlflow_instance.maintenance.unfinished import unfinished_prefixes
from tests.maintenance.deleted import alias, deleted_experiment, deleted_run, logged_model, trace
from tests.maintenance.emptied import EmptiedWorld
from tests.maintenance.steps import run_in_child
from tests.maintenance.world import Outcome, World


@pytest.fixture
def world(emptied_world: EmptiedWorld) -> World:
    return emptied_world.again()


def look(world: World, kind: str, wanted: str) -> Outcome:
    return world.run_job(purging(Request(kind, wanted)), command="purge", dry_run=True)


def remove(world: World, kind: str, wanted: str, typed: str) -> Outcome:
    return world.run_job(purging(Request(kind, wanted, typed, "ada@desk")), command="purge")


def state(world: World) -> tuple[Any, ...]:
    tables = (
        "experiments",
        "runs",
        "tags",
        "logged_models",
        "trace_info",
        "trace_tags",
        "model_versions",
    )
    return (
        tuple(sorted(str(row) for row in world.sql(f"SELECT * FROM {table}")) for table in tables),
        world.read_all_artifacts(),
    )


def refused(world: World, kind: str, wanted: str, typed: str | None = None) -> str:
    """By the dry run as by the removal, and nothing is changed."""
    before = state(world)
    for outcome in (
        look(world, kind, wanted),
        remove(world, kind, wanted, wanted if typed is None else typed),
    ):
        assert outcome.code == 2, outcome.events
    assert state(world) == before
    return str(outcome.events[-1]["message"])


def clean(world: World, kind: str, wanted: str, typed: str) -> Outcome:
    """A removal that does what its dry run lists, and leaves its report."""
    before = state(world)
    said = look(world, kind, wanted)
    assert said.code == 0 and state(world) == before, said.events
    assert said.of("purge")[0]["confirm"] == typed
    keys = set(world.keys("artifacts/"))
    done = remove(world, kind, wanted, typed)
    assert done.code == 0, done.events
    assert (
        done.summary["removed"] == said.summary["removed"]
        and done.summary["rows"] == said.summary["rows"]
    )
    gone = keys - set(world.keys("artifacts/"))
    assert (
        len(gone)
        == said.summary["removed"]["objects"]
        == sum(one["objects"] for one in said.of("remove"))
    )
    report = json.loads(world.read(done.summary["report"]))
    assert (
        report["requestedBy"] == "ada@desk"
        and report["removed"] == done.summary["removed"]
        and report["failures"] == []
    )
    assert [line for line in done.of("purge") if line["requestedBy"] == "ada@desk" and line["at"]]
    return said


def test_an_experiment_goes_with_all_that_is_in_it_and_its_name_is_free(world: World) -> None:
    gone = deleted_experiment(world, "north depot", age=0)
    neighbour = deleted_experiment(world, "south depot")
    run, other = deleted_run(world, gone, age=0), deleted_run(world, neighbour)
    model, made = logged_model(world, gone), trace(world, gone)
    world.param(run, "a")
    loose = world.put(f"artifacts/{gone}/loose")
    said = clean(world, EXPERIMENT, "north depot", "north depot")
    assert {one["id"] for one in said.of("remove")} == {str(gone), run, model, made}
    assert {name: n for name, n in said.summary["removed"].items() if n} == {
        "runs": 1, "loggedModels": 1, "traces": 1, "experiments": 1, "objects": 4, "bytes": 10
    }  # fmt: skip
    assert said.summary["rows"]["params"] == said.summary["rows"]["runs"] == 1
    assert loose not in world.keys() and world.keys("artifacts/") == [
        f"artifacts/{neighbour}/{other}/artifacts/model/weights"
    ]
    world.experiment("north depot")


def test_a_run_a_model_and_a_trace_go_alone(world: World) -> None:
    experiment = world.experiment("active")
    other, kept_model, kept_trace = (
        deleted_run(world, experiment, age=0),
        logged_model(world, experiment),
        trace(world, experiment),
    )
    for by_name in (True, False):
        run, model, made = (
            deleted_run(world, experiment, age=0),
            logged_model(world, experiment, age=0),
            trace(world, experiment),
        )
        world.sql("UPDATE logged_models SET name = 'mine' WHERE model_id = %s", model)
        name = f"run-{run[:4]}"
        clean(world, RUN, name if by_name else run, name)
        clean(world, MODEL, "mine" if by_name else model, "mine")
        clean(world, TRACE, made, made)
    assert {row[0] for row in world.sql("SELECT run_uuid FROM runs")} == {other}
    assert {row[0] for row in world.sql("SELECT model_id FROM logged_models")} == {kept_model}
    assert {row[0] for row in world.sql("SELECT request_id FROM trace_info")} == {kept_trace}
    assert len(world.keys("artifacts/")) == 3


def test_what_is_not_deleted_stays(world: World) -> None:
    experiment = world.experiment("active")
    assert "is not deleted: delete it first" in refused(world, EXPERIMENT, "active")
    run, model = world.run(experiment), world.logged_model(experiment)
    assert "is not deleted" in refused(world, RUN, run, f"run-{run[:4]}")
    assert "is not deleted" in refused(world, MODEL, model, "model")


def test_an_experiment_with_an_active_run_stays_whole(world: World) -> None:
    gone = deleted_experiment(world)
    deleted_run(world, gone)
    active = world.run(gone)
    assert f"run {active} is active" in refused(world, EXPERIMENT, "gone")


def test_what_a_registered_version_needs_stays_and_the_version_is_named(world: World) -> None:
    experiment, gone = world.experiment("active"), deleted_experiment(world)
    by_run, by_source, inside = (
        deleted_run(world, experiment),
        deleted_run(world, experiment),
        deleted_run(world, gone),
    )
    model = logged_model(world, experiment, age=0)
    world.version("fraud", 1, f"runs:/{by_run}/model", run=by_run)
    world.version("fraud", 2, f"mlflow-artifacts:/{experiment}/{by_source}/artifacts/model")
    world.version("fraud", 3, f"models:/{model}")
    world.version("fraud\nmlflow-instance-purge: done", 4, f"runs:/{inside}/model", run=inside)
    alias(world, "fraud", 1, "champion")
    assert "(registered: model fraud version 1, alias champion)" in refused(
        world, RUN, by_run, f"run-{by_run[:4]}"
    )
    assert "model fraud version 2" in refused(world, RUN, by_source, f"run-{by_source[:4]}")
    assert "model fraud version 3" in refused(world, MODEL, model, "model")
    message = refused(world, EXPERIMENT, "gone")
    assert "version 4" in message and "\n" not in message and "2 such in all" in message


def test_what_has_the_tag_keep_stays(world: World) -> None:
    for where in ("run", "experiment", "inside", "trace", "run of trace", "experiment of trace"):
        experiment = (
            deleted_experiment(world, where) if where == "inside" else world.experiment(where)
        )
        run = deleted_run(world, experiment)
        made = trace(world, experiment, run=run)
        if where in ("run", "inside", "run of trace"):
            world.tag(run, "keep")
        elif where == "trace":
            world.sql(
                "INSERT INTO trace_tags (request_id, key, value) VALUES (%s, 'keep', '')", made
            )
        else:
            world.sql(
                "INSERT INTO experiment_tags (experiment_id, key, value) VALUES (%s, 'keep', '')",
                experiment,
            )
        kind, what = (
            (TRACE, made)
            if "trace" in where
            else (EXPERIMENT, where)
            if where == "inside"
            else (RUN, run)
        )
        assert "tag keep" in refused(world, kind, what, {RUN: f"run-{run[:4]}"}.get(kind, what))


def test_a_trace_of_a_registered_run_stays(world: World) -> None:
    experiment = world.experiment("active")
    run = world.run(experiment)
    linked, made = trace(world, experiment), trace(world, experiment, run=run)
    world.version("fraud", 1, f"runs:/{run}/model")
    world.sql(
        "INSERT INTO entity_associations (association_id, source_type, source_id, destination_type, destination_id) "
        "VALUES ('a', 'trace', %s, 'run', %s)",
        linked,
        run,
    )
    for one in (made, linked):
        assert "model fraud version 1" in refused(world, TRACE, one)


def test_a_parent_goes_without_its_children(world: World) -> None:
    experiment = world.experiment("active")
    parent = deleted_run(world, experiment, age=0)
    child = deleted_run(world, experiment, age=0, tags={"mlflow.parentRunId": parent})
    said = clean(world, RUN, parent, f"run-{parent[:4]}")
    assert "1 runs are nested" in said.of("warning")[0]["message"]
    assert world.sql("SELECT run_uuid FROM runs") == [(child,)]


def test_the_default_experiment_stays_for_purge_and_for_retention(world: World) -> None:
    """Without it the server makes it at its next start, and fails when the name is taken."""
    world.sql(
        "UPDATE experiments SET lifecycle_stage = 'deleted', last_update_time = 0 WHERE experiment_id = 0"
    )
    run = deleted_run(world, 0)
    for wanted in ("0", "Default"):
        assert "default experiment" in refused(world, EXPERIMENT, wanted, "Default")
    done = world.run_job(retain, command="retention")
    assert done.code == 0 and done.summary["kept"] == {"default-experiment": 1}
    assert (
        world.sql("SELECT experiment_id FROM experiments") == [(0,)]
        and world.keys(f"artifacts/0/{run}") == []
    )


def test_an_experiment_in_somebody_elses_folder_takes_nothing_of_theirs(world: World) -> None:
    experiment = world.experiment("active")
    run = world.run(experiment)
    keys = [
        world.put(f"artifacts/{experiment}/{run}/artifacts/{name}")
        for name in ("a", "models/x/artifacts/b")
    ]
    for number, where in enumerate(
        (f"{experiment}", f"{experiment}/{run}", f"{experiment}/{run}/artifacts", "")
    ):
        gone = deleted_experiment(world, f"hostile {number}", location=f"mlflow-artifacts:/{where}")
        outcome = remove(world, EXPERIMENT, f"hostile {number}", f"hostile {number}")
        assert outcome.code in (0, 2), (gone, outcome.events)
        assert world.keys("artifacts/") == sorted(keys)


HOSTILE = [
    "%",
    "_",
    "north%",
    "nort",
    "north depo_",
    "..",
    "../1",
    "' OR '1'='1",
    "1; DROP TABLE runs",
    "1 ",
    "01x",
    "*",
    "\udcff",
    "a\0b",
    "9" * 40,
]


def test_nothing_is_found_by_a_part_a_pattern_or_as_another_kind(world: World) -> None:
    gone = deleted_experiment(world, "north depot")
    run = deleted_run(world, gone)
    logged_model(world, gone, 40), trace(world, gone)
    kinds = cycle((EXPERIMENT, RUN, MODEL, TRACE, EXPERIMENT))
    everywhere = [(next(kinds), wanted) for wanted in HOSTILE]
    before = state(world)
    for kind, wanted in [
        *everywhere,
        (RUN, run[:31]),
        (MODEL, run),
        (TRACE, run),
        (RUN, str(gone)),
    ]:
        outcome = remove(world, kind, wanted, wanted)
        assert outcome.code == 2 and "has the id or name" in outcome.events[-1]["message"], (
            kind,
            wanted,
        )
    assert state(world) == before


def test_a_name_of_two_is_refused_with_the_ids_and_an_id_comes_before_a_name(world: World) -> None:
    experiment = world.experiment("active")
    run, other = deleted_run(world, experiment), world.run(experiment)
    world.sql("UPDATE runs SET name = 'same'")
    message = refused(world, RUN, "same")
    assert run in message and other in message and "give the id" in message
    namesake = deleted_experiment(world, str(experiment))
    assert "is not deleted" in refused(world, EXPERIMENT, str(experiment), "active")
    clean(world, EXPERIMENT, str(namesake), str(experiment))
    clean(world, RUN, run, "same")


def test_a_name_typed_wrong_removes_nothing(world: World) -> None:
    gone = deleted_experiment(world)
    before = state(world)
    for typed in ("", "y", "yes", "Gone", "gone ", str(gone), "unit"):
        outcome = remove(world, EXPERIMENT, "gone", typed)
        assert outcome.code == 2 and "was typed, and not 'gone'" in outcome.events[-1]["message"]
    assert state(world) == before and world.keys("maintenance/") == []


def test_a_name_that_nobody_can_type_is_replaced_by_the_id() -> None:
    for name in (None, "", " ", " x", "a\nb", "a\x1b[2J", "\u202ex", "a\u00a0b", "x" * 101):
        assert Named(EXPERIMENT, "7", name, True, 7).typed == "7"
    assert Named(EXPERIMENT, "7", "Depot Süd 北", True, 7).typed == "Depot Süd 北"


def test_what_is_gone_already_is_told(world: World) -> None:
    deleted_experiment(world, "first", age=0)
    assert remove(world, EXPERIMENT, "first", "first").code == 0
    assert "was removed for good by the purge of 20" in refused(world, EXPERIMENT, "first")


def test_an_experiment_that_is_restored_in_the_middle_stays_with_what_is_left(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = deleted_experiment(world)
    run = deleted_run(world, gone)
    plain = purge.planned_items

    def restored(*arguments: Any) -> Any:
        world.sql(
            "UPDATE experiments SET lifecycle_stage = 'active' WHERE experiment_id = %s", gone
        )
        world.sql("UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL")
        return plain(*arguments)

    monkeypatch.setattr(purge, "planned_items", restored)
    before = world.read_all_artifacts()
    outcome = remove(world, EXPERIMENT, "gone", "gone")
    assert outcome.code == 3 and "in the meantime" in outcome.of("fail")[0]["message"]
    assert (
        world.sql("SELECT run_uuid FROM runs") == [(run,)] and world.read_all_artifacts() == before
    )


def test_killed_at_any_step_it_is_finished_by_the_next_call(world: World) -> None:
    """Every seventh step, and each time in the same world: what the killed one left is all that
    is left.
    """
    neighbour = deleted_experiment(world, "neighbour")
    deleted_run(world, neighbour)
    before, kill_at, resumed = world.read_all_artifacts(), 1, 0
    while True:
        gone = deleted_experiment(world, "gone")
        run = deleted_run(world, gone)
        world.put(f"artifacts/{gone}/loose")
        code, steps = run_in_child(
            world, kill_at, purging(Request(EXPERIMENT, str(gone), "gone", "ada@desk")), "purge"
        )
        whole = {f"artifacts/{gone}/{run}/artifacts/model/weights", f"artifacts/{gone}/loose"}
        if world.sql("SELECT FROM runs WHERE run_uuid = %s", run):
            assert whole <= set(world.keys("artifacts/"))
        second = remove(world, EXPERIMENT, str(gone), "gone")
        if code == 0:
            assert second.code == 2 and kill_at > steps > 40
            break
        assert code == -signal.SIGKILL
        # Killed behind its report, there is nothing left to do.
        assert second.code == 0 or not [key for key in world.keys("artifacts/") if key in whole], (
            second.events
        )
        resumed += second.code == 0 and second.summary["finished"]["objects"] > 0
        assert world.read_all_artifacts() == before and world.sql(
            "SELECT name FROM experiments WHERE experiment_id > 0"
        ) == [("neighbour",)]
        kill_at += 7
    assert resumed > 0, "some of the kills left objects for the next call"


def test_the_nightly_retention_finishes_it_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = deleted_experiment(world, age=0)
    deleted_run(world, gone, age=0)
    with monkeypatch.context() as broken:
        broken.setattr(
            removal, "delete_objects", lambda *_: (_ for _ in ()).throw(StoreUnreachable("away"))
        )
        assert remove(world, EXPERIMENT, "gone", "gone").code == 1
    assert not world.sql("SELECT FROM runs") and world.keys("artifacts/")
    with world.job() as (context, _):
        assert unfinished_prefixes(context.bucket, context.settings.store), (
            "not orphans but on their way"
        )
    done = world.run_job(retain, command="retention")
    assert (
        done.code == 0 and done.summary["finished"]["objects"] == 1 and not world.keys("artifacts/")
    )


def test_one_at_a_time_beside_retention_and_itself(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    deleted_experiment(world)
    before = state(world)
    with world.job() as (holder, _):
        take_lock(holder.connection)
        code = execute(
            "purge",
            RETENTION,
            purging(Request(EXPERIMENT, "gone", "gone")),
            dry_run=False,
            environment=world.environment(),
        )
    assert (
        code == 4
        and "another maintenance command" in capsys.readouterr().err
        and state(world) == before
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "required: kind, what"),
        (["run"], "required: what"),
        (["registered-model", "x", "--dry-run"], "invalid choice"),
        (["run", " ", "--dry-run"], "expected an id or a name"),
        (["run", "x"], "either --dry-run or --confirm"),
        (["run", "x", "--dry-run", "--confirm=x"], "either --dry-run or --confirm"),
        (["run", "x", "y", "--dry-run"], "unrecognized arguments"),
        (["run", "x", "--dry"], "unrecognized arguments"),
    ],
)
def test_wrong_arguments_touch_nothing(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        purge.parse(arguments)
    assert ended.value.code == 2 and words in capsys.readouterr().err


def test_names_that_look_like_options_are_names() -> None:
    request, dry_run = purge.parse(
        ["--confirm=--dry-run", "--requested-by=-x", "--", "logged-model", "--dry-run"]
    )
    assert (request, dry_run) == (Request(MODEL, "--dry-run", "--dry-run", "-x"), False)
