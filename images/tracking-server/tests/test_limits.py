import pytest

from mlflow_instance.limits import MIB, limits_of

# (memory, workers) of the tiers and of the smallest instance that a preview environment may have.
SHAPES = [(768 * MIB, 1), (1024 * MIB, 2), (512 * MIB, 1), (4096 * MIB, 8)]


@pytest.mark.parametrize(("memory", "workers"), SHAPES)
def test_all_requests_and_what_is_idle_fit_four_fifths(memory: int, workers: int) -> None:
    limits = limits_of(memory, workers, turns=5)
    assert workers * limits.worker_bytes + (220 + 40 * workers) * MIB <= memory * 0.8
    shares = (5 * limits.answer_bytes, limits.unsent_bytes, limits.uploads_bytes, limits.parsing_bytes, limits.receiving_bytes)
    assert sum(shares) <= limits.worker_bytes or limits.body_bytes == 2 * MIB
    assert limits.body_bytes >= 2 * MIB


def test_a_limit_below_what_is_idle_still_serves() -> None:
    assert limits_of(256 * MIB, 4, turns=5).worker_bytes == 64 * MIB
