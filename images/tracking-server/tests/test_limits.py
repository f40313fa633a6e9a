from pathlib import Path

import pytest

from mlflow_instance.limits import (
    ARTIFACT_TURNS,
    BESIDE_PARTS,
    BODY_SECONDS,
    CONNECTIONS,
    GRAPHQL_BYTES,
    HEAD_SECONDS,
    IDLE_SECONDS,
    LEAST_PART,
    MIB,
    RETRY_AFTER_SECONDS,
    SLOW_READER_SECONDS,
    UPLOAD_ARTIFACT_BYTES,
    WAIT_SECONDS,
    WAITING,
    limits_of,
)

# (memory, workers) of the tiers and of the smallest instance that a review environment may have.
SHAPES = [(768 * MIB, 1), (1024 * MIB, 2), (512 * MIB, 1), (4096 * MIB, 8)]


@pytest.mark.parametrize(("memory", "workers"), SHAPES)
def test_all_requests_and_what_is_idle_fit_four_fifths(memory: int, workers: int) -> None:
    limits = limits_of(memory, workers, turns=5)
    assert workers * limits.worker_bytes + (220 + 40 * workers) * MIB <= memory * 0.8
    shares = (
        5 * limits.answer_bytes,
        limits.unsent_bytes,
        limits.uploads_bytes,
        limits.parsing_bytes,
        limits.receiving_bytes,
    )
    assert sum(shares) <= limits.worker_bytes or limits.body_bytes == 2 * MIB
    assert limits.body_bytes >= 2 * MIB


def test_a_limit_below_what_is_idle_still_serves() -> None:
    assert limits_of(256 * MIB, 4, turns=5).worker_bytes == 64 * MIB


def test_the_page_names_the_values_of_the_tiers() -> None:
    """docs/request-limits.md; the memory of the tiers is `defaultResources` in components/internal/tiers.ts."""
    page = (Path(__file__).parents[3] / "docs" / "request-limits.md").read_text()
    columns = [
        limits_of(768 * MIB, 1, turns=5),
        limits_of(1024 * MIB, 2, turns=5),
        limits_of(1024 * MIB, 2, turns=5),
    ]

    def row(name: str, *values: str) -> None:
        assert f"| {name} | {' | '.join(values)} |" in page, (name, values)

    def mib(size: int) -> str:
        return f"{size / MIB:.1f}".removesuffix(".0") + " MiB"

    row("body that is no artifact", *(mib(each.body_bytes) for each in columns))
    row("what a body becomes when it is parsed", *(mib(each.parsing_bytes) for each in columns))
    row("body of a GraphQL query", *[f"{GRAPHQL_BYTES // 1024} KiB"] * 3)
    row("file sent to `upload-artifact` (MLflow's UI)", *[mib(UPLOAD_ARTIFACT_BYTES)] * 3)
    row(
        "artifact that is logged by a client",
        *(f"{each.largest_artifact_bytes // 1024**3} GiB" for each in columns),
    )
    row("parts of uploads in flight", *(mib(each.uploads_bytes) for each in columns))
    row(
        "uploads at once by one client each, 5 MiB in a part",
        *(str(each.uploads_bytes // (2 * LEAST_PART + BESIDE_PARTS)) for each in columns),
    )
    row("bodies that come in", *(mib(each.receiving_bytes) for each in columns))
    row("answers that their clients have not read", *(mib(each.unsent_bytes) for each in columns))
    for text in (
        f"| {WAITING}, then 503",
        f"| {WAIT_SECONDS:.0f} s, then 503",
        f"| {BODY_SECONDS:.0f} s, then 408",
    ):
        assert text in page
    assert f"| {CONNECTIONS}; then" in page and f"| {HEAD_SECONDS:.0f} s, then the conn" in page
    assert (
        f"| {IDLE_SECONDS:.0f} s, then 408" in page
        and f"| {SLOW_READER_SECONDS:.0f} s, then the connection" in page
    )
    assert (
        f"| {ARTIFACT_TURNS} of each worker" in page
        and f"`Retry-After: {RETRY_AFTER_SECONDS}`" in page
    )
