"""`mlflow-instance-stale-runs`: runs that are RUNNING in the database and nowhere else are set to FAILED.

MLflow has no heartbeat, so a run counts as alive until every measure says otherwise for long enough: its start, what was
logged, its artifacts, its child runs. What has no time of its own is watched from one look to the next.
"""

import logging
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mlflow_instance.maintenance.bucket import Bucket, TooLarge
from mlflow_instance.maintenance.clock import milliseconds
from mlflow_instance.maintenance.command import DONE, LEFT, Context, execute, flag
from mlflow_instance.maintenance.locations import ArtifactStore, is_at_or_under
from mlflow_instance.maintenance.observations import (
    ObservationsError,
    Seen,
    observe,
    parse,
    serialize,
)
from mlflow_instance.maintenance.privileges import STALE_RUNS
from mlflow_instance.maintenance.report import ReportFolder, folder_of
from mlflow_instance.maintenance.run_activity import running
from mlflow_instance.maintenance.run_ending import Ending, end_runs
from mlflow_instance.maintenance.run_times import written
from mlflow_instance.maintenance.stale_decision import (
    Artifacts,
    Kept,
    Limits,
    RunFacts,
    Stale,
    children_first,
    keeps_without_artifacts,
    verdict,
    wait_for_children,
)

COMMAND = "stale-runs"
OBSERVATIONS = f"{folder_of(COMMAND)}observations.json"

_logger = logging.getLogger(__name__)


def main() -> int:
    dry_run = flag(COMMAND, "--dry-run", sys.argv[1:])
    return 2 if dry_run is None else execute(COMMAND, STALE_RUNS, work, dry_run=dry_run)


def work(context: Context) -> int:
    now = milliseconds(context.now)
    limits = Limits(
        int(context.settings.stale_after.total_seconds() * 1000),
        int(context.settings.stale_idle.total_seconds() * 1000),
    )
    before, observations = read_observations(context.bucket)
    with context.connection, context.connection.cursor() as cursor:
        facts = {run.id: run for run in running(cursor, now)}
    seen = observe(before, {run.id: run.fingerprint for run in facts.values()}, now)
    verdicts: dict[str, Kept | Stale] = {}
    for run in facts.values():
        verdicts[run.id], seen[run.id] = judge(run, seen[run.id], context, now, limits)
    parents = {run.id: run.parent for run in facts.values()}
    verdicts = wait_for_children(verdicts, parents)
    order = children_first(verdicts, parents)
    items = [
        _item(facts[one], outcome) for one in order if isinstance(outcome := verdicts[one], Stale)
    ]
    kept = {one: outcome for one in order if isinstance(outcome := verdicts[one], Kept)}

    for item in items:
        context.events.item("stale", **item)
    for one, reason in kept.items():
        context.events.item("keep", **_kept(facts[one], reason))
    reasons = Counter(reason.reason for reason in kept.values())
    counts = {
        "running": len(facts),
        "stale": len(items),
        "kept": dict(sorted(reasons.items())),
        "observations": observations,
    }
    if context.dry_run:
        context.summary(**counts)
        return DONE
    # Before any row is touched: a job that may not write here could never say what it did.
    context.bucket.put(OBSERVATIONS, serialize(seen))
    return _end(context, items, facts, now, counts)


def _end(
    context: Context,
    items: list[dict[str, Any]],
    facts: Mapping[str, RunFacts],
    now: int,
    counts: dict[str, Any],
) -> int:
    folder = ReportFolder.new(context.bucket, COMMAND, context.started)
    folder.write_plan(items)
    result = end_runs(
        context.connection,
        [Ending(item["id"], facts[item["id"]].fingerprint, item["reason"]) for item in items],
        now,
    )
    for run, message in sorted(result.failed.items()):
        context.events.always("fail", kind="run", id=run, message=message)
    counts |= {
        "failed": len(result.failed),
        "ended": len(result.ended),
        "changedSince": len(result.changed),
    }
    folder.write_report(
        {**context.summary(**counts), "changed": result.changed, "failures": result.failed}
    )
    return LEFT if result.failed else DONE


def read_observations(bucket: Bucket) -> tuple[Mapping[str, Seen], str]:
    """What earlier looks saw, and how that was found. Without it every run is new: that only makes the job wait."""
    try:
        text = bucket.get(OBSERVATIONS)
    except TooLarge as error:
        _logger.warning("%s; every run counts as changed now", error)
        return {}, "unusable"
    if text is None:
        _logger.info("no observations yet (%s): every run counts as changed now", OBSERVATIONS)
        return {}, "none"
    try:
        return parse(text), "read"
    except ObservationsError as error:
        _logger.warning(
            "%s can't be used: %s; every run counts as changed now", OBSERVATIONS, error
        )
        return {}, "unusable"


def judge(
    run: RunFacts, seen: Seen, context: Context, now: int, limits: Limits
) -> tuple[Kept | Stale, Seen]:
    """The verdict, and the observation with what the bucket showed."""
    early = keeps_without_artifacts(run, seen, now, limits)
    if early is not None:
        return early, seen
    prefixes: set[str] = set()
    for location in run.locations:
        here = prefixes_of(location, context.settings.store)
        if not here:
            return Kept("not-in-bucket", f"artifacts at {location} can't be looked at"), seen
        prefixes |= here
    artifacts = look_at(prefixes, context.bucket, now, limits)
    if artifacts.newest is not None and artifacts.newest > now:
        seen = replace(
            seen,
            future_artifact=artifacts.newest,
            future_artifact_seen=seen.future_artifact_since(artifacts.newest, now),
        )
    return verdict(run, seen, artifacts, now, limits), seen


def prefixes_of(location: str, store: ArtifactStore) -> set[str]:
    """Where the location may be in this bucket. Read leniently: looking at too much only lets a run live."""
    own = store.own_prefix(location)
    if own is not None:
        return {own}
    return {
        prefix
        for prefix in store.protected_prefixes(location)
        if not is_at_or_under(store.root, prefix)
    }


def look_at(prefixes: set[str], bucket: Bucket, now: int, limits: Limits) -> Artifacts:
    """First and newest time of the objects; ends early once an object shows that the run lives."""
    first: int | None = None
    newest: int | None = None
    for prefix in sorted(prefixes):
        for found in bucket.objects(f"{prefix}/"):
            modified = milliseconds(found.modified)
            first = modified if first is None else min(first, modified)
            newest = modified if newest is None else max(newest, modified)
            if now - limits.idle < modified <= now:
                return Artifacts(first, modified)
    return Artifacts(first, newest)


def _item(run: RunFacts, outcome: Stale) -> dict[str, Any]:
    return {
        "id": run.id,
        "experiment": run.experiment,
        "name": run.name,
        "startedAt": written(outcome.started_at),
        "lastActivityAt": written(outcome.last_activity_at),
        "reason": outcome.reason,
    }


def _kept(run: RunFacts, outcome: Kept) -> dict[str, Any]:
    reason = {"reason": outcome.reason, "because": outcome.because}
    return {"kind": "run", "id": run.id, "name": run.name, "experiment": run.experiment, **reason}


if __name__ == "__main__":
    sys.exit(main())
