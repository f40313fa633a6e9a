"""The file of what was seen: bounded to what runs, and never trusted further than it can be read."""

import pytest

from mlflow_instance.maintenance.observations import (
    ObservationsError,
    Seen,
    observe,
    parse,
    serialize,
)


def test_only_running_runs_are_kept_and_a_change_starts_anew() -> None:
    before = {"same": Seen(10, "a", 20), "changed": Seen(10, "a", 20), "ended": Seen(10, "a", 20)}
    after = observe(before, {"same": "a", "changed": "b", "new": "c"}, 100)
    assert after == {
        "same": Seen(10, "a", 20),
        "changed": Seen(10, "b", 100),
        "new": Seen(100, "c", 100),
    }


def test_a_clock_that_went_back_leaves_no_time_ahead() -> None:
    assert observe({"r": Seen(500, "a", 600)}, {"r": "a"}, 100) == {"r": Seen(100, "a", 100)}


def test_what_is_written_is_read() -> None:
    seen = {"a" * 32: Seen(1, "x", 2), "b" * 32: Seen(3, "y", 4, 5, 6)}
    assert parse(serialize(seen)) == seen
    assert parse(serialize({})) == {}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"version":2,"runs":{}}',
        b'{"version":1}',
        b'{"version":1,"runs":[]}',
        b'{"version":1,"runs":{"r":[]}}',
        b'{"version":1,"runs":{"r":{"firstSeen":1,"fingerprint":"a"}}}',
        b'{"version":1,"runs":{"r":{"firstSeen":"1","fingerprint":"a","unchangedSince":1}}}',
        b'{"version":1,"runs":{"r":{"firstSeen":-1,"fingerprint":"a","unchangedSince":1}}}',
        b'{"version":1,"runs":{"r":{"firstSeen":1,"fingerprint":1,"unchangedSince":1}}}',
        b'{"version":1,"runs":{"../r":{"firstSeen":1,"fingerprint":"a","unchangedSince":1}}}',
        b"\xff\xfe\x00",
        serialize({"r": Seen(1, "x", 2)})[:-5],
        b"[" * 100_000,
    ],
)
def test_anything_else_is_refused_whole(text: bytes) -> None:
    with pytest.raises(ObservationsError):
        parse(text)


def test_the_size_of_the_file_is_known() -> None:
    """100,000 runs at once, far more than any instance has: 15 MB."""
    seen = {
        f"{number:032x}": Seen(1_795_000_000_000, "f" * 32, 1_795_000_000_000)
        for number in range(1000)
    }
    assert len(serialize(seen)) / 1000 < 155


def test_a_file_that_is_none_of_ours_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    from io import BytesIO
    from types import SimpleNamespace

    from mlflow_instance.maintenance.bucket import LARGEST_READ, Bucket
    from mlflow_instance.maintenance.stale_runs import read_observations

    bodies = SimpleNamespace(get_object=lambda **_: {"Body": BytesIO(bytes(LARGEST_READ + 1))})
    assert read_observations(Bucket(bodies, "b")) == ({}, "unusable")
