"""Runs of the orphans command, and what they report."""

import uuid
from typing import Any

from mlflow_instance.maintenance.orphans import work
from tests.maintenance.world import Outcome, World


def report(world: World) -> Outcome:
    return world.run_job(work, dry_run=True, command="orphans")


def remove(world: World) -> Outcome:
    return world.run_job(work, dry_run=False, command="orphans")


def orphan_keys(outcome: Outcome) -> list[str]:
    return [one["key"] for one in outcome.of("orphan")]


def missing(outcome: Outcome) -> set[tuple[str, str, str]]:
    return {(one["kind"], one["id"], one["location"]) for one in outcome.of("missing")}


def version_of(world: World, source: str, **options: Any) -> None:
    world.version(f"model-{uuid.uuid4().hex[:8]}", 1, source, created=0, **options)
