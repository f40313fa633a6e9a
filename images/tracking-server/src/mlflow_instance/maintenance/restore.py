"""`mlflow-instance-restore <experiment id or name | run id | logged model id>`: takes back what was deleted, as MLflow does."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

from psycopg2.extensions import cursor as Cursor

from mlflow_instance.logs import say
from mlflow_instance.maintenance.bucket import Bucket
from mlflow_instance.maintenance.clock import iso, milliseconds
from mlflow_instance.maintenance.command import DONE, Context, execute
from mlflow_instance.maintenance.errors import Refused
from mlflow_instance.maintenance.items import EXPERIMENT, MODEL, RUN, experiment_id, planned_items
from mlflow_instance.maintenance.locations import ArtifactStore
from mlflow_instance.maintenance.named import WORDS
from mlflow_instance.maintenance.privileges import RETENTION
from mlflow_instance.maintenance.report import command_of, started_at
from mlflow_instance.maintenance.unfinished import journals

COMMAND = "restore"
_RUN_OF = {"retention": "retention run", "purge": "purge"}


@dataclass(frozen=True)
class Found:
    kind: str
    id: str
    name: str | None
    deleted: bool
    # Of the experiment that it is in: id, name, whether that is deleted. None for an experiment.
    inside: tuple[int, str, bool] | None = None

    def __str__(self) -> str:
        name = f" {self.name!r}" if self.name else ""
        return f"{WORDS[self.kind]}{name} ({self.id})"


def main() -> int:
    arguments = sys.argv[1:]
    if len(arguments) != 1 or not arguments[0].strip():
        say(
            f"mlflow-instance-{COMMAND}",
            "expected one argument: an experiment's id or name, a run's id or a logged model's id",
        )
        return 2
    return execute(COMMAND, RETENTION, restoring(arguments[0]), dry_run=False)


def restoring(wanted: str) -> Callable[[Context], int]:
    return lambda context: _restore(context, wanted)


def _restore(context: Context, wanted: str) -> int:
    with context.connection, context.connection.cursor() as cursor:
        found = _find(cursor, wanted)
        if found is not None:
            runs = _take_back(cursor, found, milliseconds(context.now))
    if found is None:
        raise Refused(
            why_not_there(context.bucket, context.settings.store, wanted)
            or f"no experiment, run or logged model has the id or name {wanted!r}, and none was removed"
        )
    context.events.always("restored", kind=found.kind, id=found.id, name=found.name)
    context.summary(restored=1, kind=found.kind, id=found.id, runs=runs)
    return DONE


def _find(cursor: Cursor, wanted: str) -> Found | None:
    """What is deleted before what is not, an id before a name: whatever has both meanings can still be named by its own id."""
    number = experiment_id(wanted)
    cursor.execute(
        "SELECT experiment_id, name, lifecycle_stage = 'deleted' FROM experiments WHERE experiment_id = %(id)s OR name = %(name)s "
        "ORDER BY experiment_id IS NOT DISTINCT FROM %(id)s DESC, experiment_id FOR UPDATE",
        {"id": number, "name": wanted},
    )
    candidates = [
        Found(EXPERIMENT, str(id_), str(name), bool(deleted))
        for id_, name, deleted in cursor.fetchall()
    ]
    by_name = [one for one in candidates if one.deleted and one.id != str(number)]
    if len(by_name) > 1 and not any(one.deleted and one.id == str(number) for one in candidates):
        raise Refused(
            f"several deleted experiments are named {wanted!r} (ids {', '.join(one.id for one in by_name)}): give the id"
        )
    for kind, table, column in ((RUN, "runs", "run_uuid"), (MODEL, "logged_models", "model_id")):
        cursor.execute(
            f"SELECT t.{column}, t.name, t.lifecycle_stage, e.experiment_id, e.name, e.lifecycle_stage "
            f"FROM {table} t JOIN experiments e USING (experiment_id) WHERE t.{column} = %s FOR UPDATE",
            (wanted,),
        )
        for id_, name, stage, experiment, experiment_name, experiment_stage in cursor.fetchall():
            inside = (int(experiment), str(experiment_name), experiment_stage == "deleted")
            candidates.append(Found(kind, str(id_), name, stage == "deleted", inside))
    return next((one for one in candidates if one.deleted), candidates[0] if candidates else None)


def _take_back(cursor: Cursor, found: Found, now: int) -> int:
    """Returns how many runs are active again."""
    if found.inside is not None and found.inside[2]:
        experiment, name, _ = found.inside
        where = f"the deleted experiment {name!r} ({experiment})"
        raise Refused(
            f"{found} is in {where}: restore that, its runs come back with it; nothing was changed"
        )
    if not found.deleted:
        raise Refused(f"{found} is not deleted; nothing was changed")
    if found.kind == EXPERIMENT:
        cursor.execute(
            "UPDATE experiments SET lifecycle_stage = 'active', last_update_time = %s WHERE experiment_id = %s",
            (now, int(found.id)),
        )
        cursor.execute(
            "UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL WHERE experiment_id = %s AND lifecycle_stage = 'deleted'",
            (int(found.id),),
        )
        return int(cursor.rowcount)
    if found.kind == RUN:
        cursor.execute(
            "UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL WHERE run_uuid = %s",
            (found.id,),
        )
        return 1
    cursor.execute(
        "UPDATE logged_models SET lifecycle_stage = 'active', last_updated_timestamp_ms = %s WHERE model_id = %s",
        (now, found.id),
    )
    return 0


def why_not_there(
    bucket: Bucket, store: ArtifactStore, wanted: str, kind: str | None = None
) -> str | None:
    """The plans of earlier removals say what was there: removed is another answer than never heard of."""
    for folder, _ in sorted(
        journals(bucket), key=lambda one: one[0].path.rpartition("/")[2], reverse=True
    ):
        for items in planned_items(folder, store, lambda *_: None):
            for item in items:
                if kind not in (None, item.kind):
                    continue
                if item.id == wanted or (item.kind == EXPERIMENT and item.name == wanted):
                    name = f" {item.name!r}" if item.name else ""
                    deleted = f", deleted {item.deleted}," if item.deleted else ""
                    return (
                        f"{WORDS[item.kind]}{name} ({item.id}){deleted} was removed for good by the {_RUN_OF[command_of(folder.path)]} of "
                        f"{iso(started_at(folder.path)) or folder.path} and can't be restored (plan: {folder.path}/)"
                    )
    return None


if __name__ == "__main__":
    sys.exit(main())
