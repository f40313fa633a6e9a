"""Somebody restores, tags or registers while the job works: they win, and nothing is half removed."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mlflow_instance.database import connect
from mlflow_instance.maintenance import removal, rows
from mlflow_instance.maintenance.privileges import RETENTION
from mlflow_instance.maintenance.report import ReportFolder
from mlflow_instance.maintenance.retention import retain
from tests.maintenance.world import Outcome, World, days, make_world
from tests.support.postgres import Postgres
from tests.support.store import ObjectStore


class Scene:
    def __init__(self, world: World) -> None:
        self.world = world
        old = world.now - days(40)
        self.experiment = world.experiment("gone", stage="deleted", updated=old)
        self.run, self.other = (
            world.run(self.experiment, stage="deleted", deleted=old) for _ in range(2)
        )
        self.model = world.logged_model(self.experiment)
        self.trace = world.trace(self.experiment, at=old)
        self.keys = [
            world.put(f"artifacts/{self.experiment}/{run}/artifacts/a")
            for run in (self.run, self.other)
        ]
        self.model_key = world.put(f"artifacts/{self.experiment}/models/{self.model}/artifacts/a")
        self.trace_key = world.put(f"artifacts/{self.experiment}/traces/{self.trace}/artifacts/a")

    def retain(self) -> Outcome:
        done = self.world.run_job(retain, command="retention")
        assert done.code == 0, done.events
        return done

    def there(self) -> set[str]:
        return {
            str(row[0])
            for row in self.world.sql(
                "SELECT run_uuid FROM runs UNION SELECT model_id FROM logged_models UNION SELECT request_id FROM trace_info "
                "UNION SELECT 'experiment' FROM experiments WHERE name = 'gone'"
            )
        }


@pytest.fixture
def scene(postgres: Postgres, migrated_template: str, object_store: ObjectStore) -> Iterator[Scene]:
    world = make_world(postgres, migrated_template, object_store, RETENTION)
    yield Scene(world)
    world.rows.close()


def after_the_plan(monkeypatch: pytest.MonkeyPatch, action: Callable[[], object]) -> None:
    plain = ReportFolder.write_plan

    def write_plan(self: ReportFolder, items: Any) -> int:
        parts = plain(self, items)
        action()
        return parts

    monkeypatch.setattr(ReportFolder, "write_plan", write_plan)


@pytest.mark.parametrize(
    "how",
    [
        "lifecycle_stage = 'active', deleted_time = NULL",
        "lifecycle_stage = 'active'",
        "deleted_time = NULL",
    ],
)
def test_a_run_that_is_restored_after_the_plan_stays_whole(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    restore = f"UPDATE runs SET {how} WHERE run_uuid = %s"
    after_the_plan(monkeypatch, lambda: scene.world.sql(restore, scene.run))
    done = scene.retain()
    assert scene.there() == {scene.run, "experiment"}
    assert scene.world.keys("artifacts/") == [scene.keys[0]]
    assert done.summary["changed"] == 2, "the run, and the experiment that holds it"


def test_a_run_that_is_deleted_anew_has_its_grace_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = scene.world.now
    after_the_plan(
        monkeypatch,
        lambda: scene.world.sql(
            "UPDATE runs SET deleted_time = %s WHERE run_uuid = %s", now, scene.run
        ),
    )
    scene.retain()
    assert scene.there() == {scene.run, "experiment"}


def test_an_experiment_that_is_restored_after_the_plan_keeps_everything(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def restore() -> None:
        scene.world.sql(
            "UPDATE experiments SET lifecycle_stage = 'active', last_update_time = %s WHERE name = 'gone'",
            scene.world.now,
        )
        scene.world.sql("UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL")

    after_the_plan(monkeypatch, restore)
    keys = scene.world.keys("artifacts/")
    assert scene.retain().summary["changed"] == 5
    assert scene.there() == {scene.run, scene.other, scene.model, scene.trace, "experiment"}
    assert scene.world.keys("artifacts/") == keys


@pytest.mark.parametrize("tag", ["experiment", "run", "model", "trace"])
def test_a_tag_that_is_set_after_the_plan_counts(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, tag: str
) -> None:
    statement, value, stays = {
        "experiment": (
            "INSERT INTO experiment_tags (experiment_id, key, value) VALUES (%s, 'keep', '')",
            scene.experiment,
            {scene.run, scene.other, scene.model, scene.trace, "experiment"},
        ),
        "run": (
            "INSERT INTO tags (run_uuid, key, value) VALUES (%s, 'keep', '')",
            scene.run,
            {scene.run, "experiment"},
        ),
        "model": (
            "INSERT INTO logged_model_tags (model_id, experiment_id, tag_key, tag_value) SELECT model_id, experiment_id, 'keep', '' "
            "FROM logged_models WHERE model_id = %s",
            scene.model,
            {scene.model, "experiment"},
        ),
        "trace": (
            "INSERT INTO trace_tags (request_id, key, value) VALUES (%s, 'keep', '')",
            scene.trace,
            {scene.trace, "experiment"},
        ),
    }[tag]
    after_the_plan(monkeypatch, lambda: scene.world.sql(statement, value))
    scene.retain()
    assert scene.there() == stays
    kept = {key.split("/")[-3] for key in scene.world.keys("artifacts/")}
    assert kept == stays - {"experiment"}


def test_what_appears_in_the_experiment_after_the_plan_is_not_swept_along(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    late: list[str] = []
    after_the_plan(
        monkeypatch, lambda: late.append(scene.world.trace(scene.experiment, at=scene.world.now))
    )
    scene.retain()
    assert scene.there() == {late[0], "experiment"}


@pytest.mark.parametrize("moment", ["after the plan", "before the commit"])
@pytest.mark.parametrize("how", ["run", "path"])
def test_what_is_registered_before_the_commit_stays_whole(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, moment: str, how: str
) -> None:
    source = (
        f"mlflow-artifacts:/{scene.experiment}/{scene.run}/artifacts/model"
        if how == "path"
        else "elsewhere"
    )

    def register() -> None:
        scene.world.version("late", 1, source, run=scene.run if how == "run" else None)

    if moment == "after the plan":
        after_the_plan(monkeypatch, register)
    else:
        plain, done = rows._delete, list[bool]()

        def delete(*arguments: Any) -> Any:
            gone = plain(*arguments)
            if not done:
                done.append(True)
                register()
            return gone

        monkeypatch.setattr(rows, "_delete", delete)
    scene.retain()
    assert scene.there() == {scene.run, "experiment"}
    assert scene.world.keys("artifacts/") == [scene.keys[0]]


def test_objects_that_are_registered_in_the_moment_of_the_commit_stay(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = removal.delete_rows

    def delete_rows(connection: Any, items: Any, *rest: Any) -> Any:
        gone = plain(connection, items, *rest)
        if items[0].kind == "run":
            scene.world.version(
                "late", 1, f"mlflow-artifacts:/{scene.experiment}/{scene.run}/artifacts"
            )
        return gone

    monkeypatch.setattr(removal, "delete_rows", delete_rows)
    scene.retain()
    assert scene.keys[0] in scene.world.keys("artifacts/")
    assert scene.keys[1] not in scene.world.keys("artifacts/")


@pytest.mark.parametrize("ends", ["commit", "rollback"])
@pytest.mark.parametrize("what", ["run", "experiment"])
def test_a_restore_that_is_under_way_is_waited_for(
    scene: Scene, what: str, ends: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    restoring = connect(scene.world.owner_uri, connect_timeout=5)
    statement = {
        "run": f"UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL WHERE run_uuid = '{scene.run}'",
        "experiment": f"UPDATE experiments SET lifecycle_stage = 'active', last_update_time = {scene.world.now} WHERE name = 'gone'",
    }[what]

    def begin() -> None:
        with restoring.cursor() as cursor:
            cursor.execute(statement)

        def end() -> None:
            deadline = time.monotonic() + 20
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            while scene.world.sql(waiting) == [(0,)] and time.monotonic() < deadline:
                time.sleep(0.02)
            restoring.commit() if ends == "commit" else restoring.rollback()

        thread.append(threading.Thread(target=end))
        thread[0].start()

    thread: list[threading.Thread] = []
    after_the_plan(monkeypatch, begin)
    scene.retain()
    thread[0].join()
    restoring.close()
    if ends == "rollback":
        assert scene.there() == set()
    else:
        assert scene.there() == (
            {scene.run, "experiment"} if what == "run" else {scene.model, scene.trace, "experiment"}
        )
