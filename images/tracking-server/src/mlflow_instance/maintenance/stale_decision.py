"""Whether a RUNNING run is stale, from facts alone. Whatever is not known counts in the run's favour: unknown means not yet."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mlflow_instance.maintenance.observations import Seen
from mlflow_instance.maintenance.run_times import plausible, written


@dataclass(frozen=True)
class RunFacts:
    """What the database says about a RUNNING run. Times as the client sent them, in milliseconds if it did it right."""

    id: str
    name: str
    experiment: str
    fingerprint: str
    start_time: int | None = None
    end_time: int | None = None
    """Set on a RUNNING run that was finished and resumed."""
    first_metric: int | None = None
    last_metric: int | None = None
    last_related: int | None = None
    """Newest time of what belongs to the run but isn't part of it: logged models, traces, child runs."""
    keep_running: bool = False
    parent: str | None = None
    locations: tuple[str, ...] = ()
    """Artifact locations as the database has them: the run's and its logged models'."""


@dataclass(frozen=True)
class Artifacts:
    """Times of the objects below a run's locations, milliseconds; both None when there is no object."""

    first: int | None = None
    newest: int | None = None


@dataclass(frozen=True)
class Limits:
    after: int
    idle: int
    """Both in milliseconds."""


@dataclass(frozen=True)
class Kept:
    reason: str
    because: str


@dataclass(frozen=True)
class Stale:
    started_at: int
    last_activity_at: int
    reason: str


def keeps_without_artifacts(facts: RunFacts, seen: Seen, now: int, limits: Limits) -> Kept | None:
    """A reason to keep that needs no look at the bucket: listing objects is the expensive part."""
    if facts.keep_running:
        return Kept("keep-running", "tag keep-running")
    started = _started(facts, now)
    if started is not None and now - started < limits.after:
        return Kept(
            "recent", f"started {written(started)}, judged from {written(started + limits.after)}"
        )
    active = max([seen.unchanged_since, *_times(facts, now)])
    if now - active < limits.idle:
        return _active(seen, active, limits)
    return None


def verdict(
    facts: RunFacts, seen: Seen, artifacts: Artifacts, now: int, limits: Limits
) -> Kept | Stale:
    early = keeps_without_artifacts(facts, seen, now, limits)
    if early is not None:
        return early
    started = _started(facts, now)
    if started is None:
        evidence = [facts.first_metric, artifacts.first]
        started = min(
            [
                seen.first_seen,
                *(
                    time
                    for time in (plausible(value, now) for value in evidence)
                    if time is not None
                ),
            ]
        )
        if now - started < limits.after:
            return Kept(
                "recent",
                f"no start time, first sign {written(started)}, judged from {written(started + limits.after)}",
            )
    times = _times(facts, now)
    if artifacts.newest is not None:
        # A store whose clock is ahead: the object counts from when this job first saw it, else it
        # would keep the run for ever.
        times.append(
            artifacts.newest
            if artifacts.newest <= now
            else seen.future_artifact_since(artifacts.newest, now)
        )
    active = max([seen.unchanged_since, *times])
    if now - active < limits.idle:
        return _active(seen, active, limits)
    last = max([started, *times])
    return Stale(
        started,
        last,
        f"RUNNING since {written(started)} without a new metric, parameter, tag or artifact since {written(last)}",
    )


def wait_for_children(
    verdicts: Mapping[str, Kept | Stale], parents: Mapping[str, str | None]
) -> dict[str, Kept | Stale]:
    """A parent waits for every RUNNING child that is not stale itself, over any number of levels."""
    result = dict(verdicts)
    for run, outcome in verdicts.items():
        if isinstance(outcome, Stale):
            continue
        # Users set the parent tag freely, so a chain may have a circle; a kept ancestor has walked
        # its own chain.
        above = parents.get(run)
        while above is not None and isinstance(result.get(above), Stale):
            result[above] = Kept("child-running", f"child run {run}")
            above = parents.get(above)
    return result


def children_first(runs: Iterable[str], parents: Mapping[str, str | None]) -> list[str]:
    """Deepest first, so that a kill in between leaves no RUNNING child below a FAILED parent."""

    def depth(run: str) -> int:
        above, level, met = parents.get(run), 0, {run}
        while above is not None and above not in met:
            met.add(above)
            level += 1
            above = parents.get(above)
        return level

    return sorted(runs, key=lambda run: (-depth(run), run))


def _started(facts: RunFacts, now: int) -> int | None:
    """A resumed run began again after its earlier end, and keeps its first start time."""
    times = [
        time
        for time in (plausible(facts.start_time, now), plausible(facts.end_time, now))
        if time is not None
    ]
    return max(times) if times else None


def _times(facts: RunFacts, now: int) -> list[int]:
    values = (facts.end_time, facts.last_metric, facts.last_related)
    return [time for time in (plausible(value, now) for value in values) if time is not None]


def _active(seen: Seen, active: int, limits: Limits) -> Kept:
    what = "first seen or changed" if active == seen.unchanged_since else "active"
    return Kept("active", f"{what} {written(active)}, judged from {written(active + limits.idle)}")
