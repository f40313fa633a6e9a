import json
import logging
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlflow_instance.roles import Role
from mlflow_instance.tokens import TokenStore, parse_tokens
from mlflow_instance.watched_file import FileRefused
from tests.support.server import entry, write_tokens


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0
        self.at = datetime(2027, 1, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tokens.json"


def store_of(file: Path, clock: Clock) -> TokenStore:
    return TokenStore(file, monotonic=clock.monotonic, now=clock.now)


def test_finds_the_token_by_its_hash(file: Path, clock: Clock) -> None:
    write_tokens(
        file,
        [
            entry("ci", "edit", "secret-a", "2027-02-20"),
            entry("ui", "read", "secret-b", "2027-02-20"),
        ],
    )
    store = store_of(file, clock)
    found = store.find("secret-b")
    assert found is not None
    assert (found.name, found.role) == ("ui", Role.READ)
    assert store.find("secret-c") is None
    assert store.find("") is None
    # The hash itself is no credential.
    assert store.find(entry("ci", "edit", "secret-a")["sha256"]) is None


@pytest.mark.parametrize(
    ("moment", "valid"),
    [
        (datetime(2027, 2, 20, 0, 0, tzinfo=UTC), True),
        (datetime(2027, 2, 20, 23, 59, 59, 999999, tzinfo=UTC), True),
        (datetime(2027, 2, 21, 0, 0, tzinfo=UTC), False),
        (datetime(2028, 1, 1, tzinfo=UTC), False),
    ],
)
def test_is_valid_through_the_end_of_the_day_in_utc(
    file: Path, clock: Clock, moment: datetime, valid: bool
) -> None:
    write_tokens(file, [entry("ci", "edit", "secret", "2027-02-20")])
    clock.at = moment
    assert (store_of(file, clock).find("secret") is not None) is valid


def test_several_generations_of_one_name_are_valid_side_by_side(file: Path, clock: Clock) -> None:
    write_tokens(
        file, [entry("ci", "edit", "old", "2027-01-31"), entry("ci", "edit", "new", "2027-06-30")]
    )
    store = store_of(file, clock)
    assert store.find("old") and store.find("new")
    clock.at = datetime(2027, 2, 1, tzinfo=UTC)
    assert store.find("old") is None and store.find("new")


def test_the_log_is_told_why_a_value_is_refused(file: Path, clock: Clock) -> None:
    write_tokens(
        file, [entry("ci", "edit", "old", "2027-01-31"), entry("ui", "read", "gone", "2027-06-30")]
    )
    store = store_of(file, clock)
    assert store.find("gone") and store.find("old")
    write_tokens(file, [entry("ci", "edit", "old", "2027-01-31")])
    clock.seconds += 1
    clock.at = datetime(2027, 2, 1, tzinfo=UTC)
    assert store.find("gone") is None and store.refusal("gone") == "revoked:ui/1"
    assert store.find("old") is None and store.refusal("old") == "expired:ci/1"
    assert store.find("never") is None and store.refusal("never") == "unknown"
    # It comes back with another file.
    write_tokens(file, [entry("ui", "read", "gone", "2027-06-30")])
    clock.seconds += 1
    assert store.find("gone")


def test_revoked_values_are_remembered_up_to_a_bound(file: Path, clock: Clock) -> None:
    store = store_of(file, clock)
    for batch in range(3):
        write_tokens(file, [entry(f"t{i}", "read", f"{batch}-{i}") for i in range(600)])
        clock.seconds += 1
        assert store.find(f"{batch}-0")
    assert store.refusal("1-599") == "revoked:t599/1"
    assert store.refusal("0-0") == "unknown"


def test_one_value_with_two_roles_has_the_higher_one_that_is_still_valid(
    file: Path, clock: Clock
) -> None:
    write_tokens(
        file, [entry("a", "admin", "same", "2027-01-31"), entry("b", "read", "same", "2027-06-30")]
    )
    store = store_of(file, clock)
    found = store.find("same")
    assert found is not None and found.role is Role.ADMIN
    clock.at = datetime(2027, 2, 1, tzinfo=UTC)
    found = store.find("same")
    assert found is not None and found.role is Role.READ


def test_a_change_counts_within_a_second_and_the_file_is_not_looked_at_more_often(
    file: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    real = Path.stat

    def counting(self: Path, **arguments: bool) -> os.stat_result:
        nonlocal looks
        looks += self == file
        return real(self, **arguments)

    monkeypatch.setattr(Path, "stat", counting)
    write_tokens(file, [entry("ci", "edit", "secret")])
    store = store_of(file, clock)
    assert store.find("secret")
    write_tokens(file, [])
    clock.seconds += 0.9
    for _ in range(100):
        assert store.find("secret")
    assert looks == 1
    clock.seconds += 0.1
    assert store.find("secret") is None
    assert looks == 2


def test_a_missing_file_lets_nobody_in_until_it_appears(file: Path, clock: Clock) -> None:
    store = store_of(file, clock)
    assert store.find("secret") is None
    write_tokens(file, [entry("ci", "edit", "secret")])
    clock.seconds += 1
    assert store.find("secret")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"version": 2, "tokens": []}',
        '{"version": 1}',
        '{"version": 1, "tokens": [{}]}',
    ],
)
def test_a_bad_file_keeps_the_last_good_tokens_and_is_reported_once(
    file: Path, clock: Clock, caplog: pytest.LogCaptureFixture, content: str
) -> None:
    write_tokens(file, [entry("ci", "edit", "secret")])
    store = store_of(file, clock)
    assert store.find("secret")
    file.write_text(content)
    # That the tokens were loaded is not the subject.
    caplog.clear()
    with caplog.at_level(logging.ERROR):
        for _ in range(5):
            clock.seconds += 1
            assert store.find("secret")
    assert len(caplog.records) == 1
    assert "keeping what was read of it before" in caplog.text
    write_tokens(file, [])
    clock.seconds += 1
    assert store.find("secret") is None


def test_a_removed_file_keeps_the_last_good_tokens(file: Path, clock: Clock) -> None:
    write_tokens(file, [entry("ci", "edit", "secret")])
    store = store_of(file, clock)
    assert store.find("secret")
    file.unlink()
    clock.seconds += 1
    assert store.find("secret")


def test_a_request_during_the_first_load_waits_for_it(
    file: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Marking the file as checked before it is read would answer 401 to a valid token."""
    write_tokens(file, [entry("ci", "edit", "secret")])
    store = store_of(file, clock)
    seen: list[float | None] = []
    real = Path.read_text

    def reading(self: Path, **arguments: str) -> str:
        seen.append(store._file._checked_at)
        return real(self, **arguments)

    monkeypatch.setattr(Path, "read_text", reading)
    assert store.find("secret")
    assert seen == [None]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"role": "owner"}, "role"),
        ({"role": "Admin"}, "role"),
        ({"role": None}, "role"),
        ({"sha256": "AB" * 32}, "sha256"),
        ({"sha256": "ab" * 31}, "sha256"),
        ({"sha256": 5}, "sha256"),
        ({"name": ""}, "name"),
        ({"generation": 0}, "generation"),
        ({"generation": "2"}, "generation"),
        ({"generation": True}, "generation"),
        ({"expires": "2027-02-30"}, "expires"),
        ({"expires": "20270220"}, "expires"),
        ({"expires": "9999-12-31"}, "expires"),
        ({"expires": None}, "expires"),
    ],
)
def test_an_entry_that_is_not_right_names_its_place_and_no_hash(
    change: dict[str, object], where: str
) -> None:
    good = entry("ci", "edit", "secret", "2027-02-20")
    with pytest.raises(FileRefused) as error:
        parse_tokens(json.dumps({"version": 1, "tokens": [good, {**good, **change}]}))
    assert str(error.value).startswith(f"tokens[1].{where}: ")
    assert good["sha256"] not in str(error.value)


def test_hashes_are_compared_in_constant_time_against_every_entry(
    file: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    import hmac

    compared = 0
    real = hmac.compare_digest

    def counting(a: bytes, b: bytes) -> bool:
        nonlocal compared
        compared += 1
        return real(a, b)

    monkeypatch.setattr(hmac, "compare_digest", counting)
    write_tokens(file, [entry(f"t{i}", "read", f"secret-{i}") for i in range(7)])
    store = store_of(file, clock)
    assert store.find("secret-0")
    assert compared == 7
