import re
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
    """docs/request-limits.md; the memory of the tiers is `defaultResources` in components/internal/tiers.ts.

    It compares values in the order of the rows and leaves the words free: `npm run check`, which a change of the page runs,
    has no test of this image.
    """
    page = (Path(__file__).parents[3] / "docs" / "request-limits.md").read_text()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.splitlines()
        if line.startswith("| ")
    ]
    tiers = [limits_of(768 * MIB, 1, turns=5)] + [limits_of(1024 * MIB, 2, turns=5)] * 2

    def mib(size: int) -> str:
        return f"{size / MIB:.1f}".removesuffix(".0") + " MiB"

    of_tiers = [row[1:4] for row in rows if len(row) == 5 and row[1] != "sandbox"]
    assert of_tiers == [
        ["768 MiB, 1", "1024 MiB, 2", "1024 MiB, 2"],
        [mib(each.body_bytes) for each in tiers],
        [mib(each.parsing_bytes) for each in tiers],
        [f"{GRAPHQL_BYTES // 1024} KiB"] * 3,
        [mib(UPLOAD_ARTIFACT_BYTES)] * 3,
        [f"{each.largest_artifact_bytes // 1024**3} GiB" for each in tiers],
        [mib(each.uploads_bytes) for each in tiers],
        [str(each.uploads_bytes // (2 * LEAST_PART + BESIDE_PARTS)) for each in tiers],
        [mib(each.receiving_bytes) for each in tiers],
        [mib(each.unsent_bytes) for each in tiers],
    ]
    # Of what applies to every tier: the row's first number, and the status where there is one.
    number = re.compile(r"(\d+(?: s)?)(?:[,;] (?:then (\d{3}))?| of each worker)")
    of_all = [number.match(row[1]) for row in rows if len(row) == 2]
    assert [found.groups() for found in of_all if found is not None] == [
        (str(WAITING), "503"),
        (f"{WAIT_SECONDS:.0f} s", "503"),
        (str(CONNECTIONS), None),
        (f"{HEAD_SECONDS:.0f} s", None),
        (f"{BODY_SECONDS:.0f} s", "408"),
        (f"{IDLE_SECONDS:.0f} s", "408"),
        (f"{SLOW_READER_SECONDS:.0f} s", None),
        (str(ARTIFACT_TURNS), None),
    ]
    assert f"`Retry-After: {RETRY_AFTER_SECONDS}`" in page
