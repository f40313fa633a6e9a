"""Calls of the purge command that must do exactly what its dry run says, or nothing."""

import json
from typing import Any

from mlflow_instance.maintenance.purge import Request, purging
from tests.maintenance.world import Outcome, World


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
