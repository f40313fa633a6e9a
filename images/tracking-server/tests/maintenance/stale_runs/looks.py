"""Looks of the stale-runs command at a world, and what they say."""

from typing import Any

from mlflow_instance.maintenance.stale_runs import work
from tests.maintenance.world import HOUR, Outcome, World


def look(world: World, after: float = 0, **options: Any) -> Outcome:
    world.now += int(after * HOUR)
    return world.run_job(work, command="stale-runs", **options)


def status(world: World, run: str) -> str:
    ((value,),) = world.sql("SELECT status FROM runs WHERE run_uuid = %s", run)
    return str(value)


def reasons(outcome: Outcome) -> dict[str, str]:
    return {one["id"]: one["reason"] for one in outcome.of("keep")}
