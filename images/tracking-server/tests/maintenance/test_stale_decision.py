"""Whether a run is stale: each measure on its own, and that what isn't known never makes a run look idle or immortal."""

from dataclasses import replace

import pytest

from mlflow_instance.maintenance.observations import Seen
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

HOUR = 3_600_000
NOW = 1_795_000_000_000
LIMITS = Limits(after=24 * HOUR, idle=6 * HOUR)
LONG_SEEN = Seen(NOW - 30 * HOUR, "f", NOW - 30 * HOUR)
NO_ARTIFACTS = Artifacts()
OLD = RunFacts("r", "name", "1", "f", start_time=NOW - 30 * HOUR)


def judge(
    facts: RunFacts, seen: Seen = LONG_SEEN, artifacts: Artifacts = NO_ARTIFACTS
) -> Kept | Stale:
    return verdict(facts, seen, artifacts, NOW, LIMITS)


def test_an_old_run_that_did_nothing_is_stale_and_says_since_when() -> None:
    outcome = judge(replace(OLD, last_metric=NOW - 20 * HOUR, first_metric=NOW - 29 * HOUR))
    assert outcome == Stale(
        NOW - 30 * HOUR,
        NOW - 20 * HOUR,
        "RUNNING since 2026-11-17T05:06:40Z without a new metric, parameter, tag or artifact since 2026-11-17T15:06:40Z",
    )


@pytest.mark.parametrize(
    ("facts", "seen", "artifacts", "reason"),
    [
        (replace(OLD, keep_running=True), LONG_SEEN, Artifacts(), "keep-running"),
        (replace(OLD, start_time=NOW - 24 * HOUR + 1), LONG_SEEN, Artifacts(), "recent"),
        (replace(OLD, last_metric=NOW - 6 * HOUR + 1), LONG_SEEN, Artifacts(), "active"),
        (replace(OLD, last_related=NOW - 6 * HOUR + 1), LONG_SEEN, Artifacts(), "active"),
        (OLD, replace(LONG_SEEN, unchanged_since=NOW - 6 * HOUR + 1), Artifacts(), "active"),
        (OLD, LONG_SEEN, Artifacts(NOW - 29 * HOUR, NOW - 6 * HOUR + 1), "active"),
    ],
)
def test_one_sign_of_life_or_exemption_is_enough(
    facts: RunFacts, seen: Seen, artifacts: Artifacts, reason: str
) -> None:
    outcome = judge(facts, seen, artifacts)
    assert isinstance(outcome, Kept)
    assert outcome.reason == reason


def test_the_limits_themselves_are_reached() -> None:
    exact = replace(
        OLD, start_time=NOW - 24 * HOUR, last_metric=NOW - 6 * HOUR, last_related=NOW - 6 * HOUR
    )
    assert isinstance(
        judge(
            exact,
            Seen(NOW - 6 * HOUR, "f", NOW - 6 * HOUR),
            Artifacts(NOW - 20 * HOUR, NOW - 6 * HOUR),
        ),
        Stale,
    )


@pytest.mark.parametrize("start", [None, 0, -5, 1, 3000, NOW + HOUR, (NOW + HOUR) // 1000])
def test_without_a_usable_start_time_the_first_sign_counts(start: int | None) -> None:
    facts = replace(OLD, start_time=start)
    recent = Seen(NOW - 7 * HOUR, "f", NOW - 7 * HOUR)
    assert judge(facts, recent).reason == "recent"
    assert "no start time, first sign 2026-11-18T04:06:40Z" in judge(facts, recent).because  # type: ignore[union-attr]
    assert isinstance(judge(facts, LONG_SEEN), Stale)
    assert isinstance(
        judge(replace(facts, first_metric=NOW - 25 * HOUR, last_metric=NOW - 25 * HOUR), recent),
        Stale,
    )
    assert isinstance(judge(facts, recent, Artifacts(NOW - 24 * HOUR, NOW - 24 * HOUR)), Stale)


@pytest.mark.parametrize("unit", [1 / 1000, 1, 1000, 1_000_000])
def test_times_in_seconds_micro_or_nanoseconds_mean_what_their_sender_meant(unit: float) -> None:
    def at(hours: float) -> int:
        return int((NOW - hours * HOUR) * unit)

    assert judge(replace(OLD, start_time=at(23))).reason == "recent"
    assert judge(replace(OLD, last_metric=at(5))).reason == "active"
    assert isinstance(judge(replace(OLD, start_time=at(25), last_metric=at(7))), Stale)


@pytest.mark.parametrize("future", [NOW + 1, NOW + 10**10, (NOW + 10 * HOUR) // 1000, 2**62])
def test_a_metric_of_the_future_keeps_no_run_for_ever(future: int) -> None:
    """Its first sight is in the observation: the fingerprint changed then."""
    assert isinstance(judge(replace(OLD, last_metric=future)), Stale)
    assert (
        judge(
            replace(OLD, last_metric=future), replace(LONG_SEEN, unchanged_since=NOW - HOUR)
        ).reason
        == "active"
    )


def test_an_object_of_the_future_counts_from_when_it_was_seen_first() -> None:
    artifacts = Artifacts(NOW - 29 * HOUR, NOW + HOUR)
    assert judge(OLD, LONG_SEEN, artifacts).reason == "active"
    assert (
        judge(
            OLD,
            replace(LONG_SEEN, future_artifact=NOW + HOUR, future_artifact_seen=NOW - 5 * HOUR),
            artifacts,
        ).reason
        == "active"
    )
    assert isinstance(
        judge(
            OLD,
            replace(LONG_SEEN, future_artifact=NOW + HOUR, future_artifact_seen=NOW - 6 * HOUR),
            artifacts,
        ),
        Stale,
    )
    other = replace(LONG_SEEN, future_artifact=NOW + 2 * HOUR, future_artifact_seen=NOW - 6 * HOUR)
    assert judge(OLD, other, artifacts).reason == "active"


def test_a_resumed_run_runs_since_its_earlier_end() -> None:
    assert (
        judge(replace(OLD, start_time=NOW - 300 * HOUR, end_time=NOW - 20 * HOUR)).reason
        == "recent"
    )
    assert isinstance(
        judge(replace(OLD, start_time=NOW - 300 * HOUR, end_time=NOW - 25 * HOUR)), Stale
    )


def test_the_bucket_is_only_looked_at_when_everything_else_says_stale() -> None:
    assert keeps_without_artifacts(OLD, LONG_SEEN, NOW, LIMITS) is None
    assert (
        keeps_without_artifacts(replace(OLD, start_time=NOW - HOUR), LONG_SEEN, NOW, LIMITS)
        is not None
    )
    assert (
        keeps_without_artifacts(replace(OLD, last_metric=NOW - HOUR), LONG_SEEN, NOW, LIMITS)
        is not None
    )
    assert (
        keeps_without_artifacts(OLD, replace(LONG_SEEN, unchanged_since=NOW - HOUR), NOW, LIMITS)
        is not None
    )
    assert keeps_without_artifacts(replace(OLD, start_time=None), LONG_SEEN, NOW, LIMITS) is None


STALE = Stale(1, 2, "r")
ACTIVE = Kept("active", "x")


def test_a_parent_waits_for_a_running_child_over_levels() -> None:
    parents = {"grand": None, "parent": "grand", "child": "parent", "other": "gone", "alone": None}
    outcome = wait_for_children(
        {"grand": STALE, "parent": STALE, "child": ACTIVE, "other": STALE, "alone": STALE}, parents
    )
    assert {run: type(one) for run, one in outcome.items()} == {
        "grand": Kept,
        "parent": Kept,
        "child": Kept,
        "other": Stale,
        "alone": Stale,
    }
    assert outcome["parent"] == Kept("child-running", "child run child")
    all_stale = {"grand": STALE, "parent": STALE, "child": STALE}
    assert wait_for_children(all_stale, parents) == all_stale


def test_parent_tags_in_a_circle_end() -> None:
    parents: dict[str, str | None] = {"a": "b", "b": "a", "c": "c"}
    both = {"a": STALE, "b": STALE, "c": STALE}
    assert wait_for_children(both, parents) == both
    assert isinstance(wait_for_children({**both, "a": ACTIVE}, parents)["b"], Kept)
    assert sorted(children_first(parents, parents)) == ["a", "b", "c"]


def test_children_come_before_their_parents() -> None:
    assert children_first(["g", "p", "c"], {"g": None, "p": "g", "c": "p"}) == ["c", "p", "g"]
