"""The comparison of objects with locations: against a plain definition, over generated trees, and its memory."""

import random
import tracemalloc
from collections.abc import Iterable, Iterator

import pytest

from mlflow_instance.maintenance.coverage import (
    Covered,
    Location,
    Missing,
    OrderError,
    Orphan,
    Pending,
    StoredObject,
    compare,
)


def objects(*keys: str) -> list[StoredObject]:
    return [StoredObject(key, 1, 0) for key in sorted(keys)]


def locations(*paths: str, required: bool = False) -> list[Location]:
    return [Location(path, "run", path, required=required) for path in sorted(paths)]


def orphans(keys: Iterable[str], paths: Iterable[str]) -> list[str]:
    return [
        answer.object.key
        for answer in compare(objects(*keys), locations(*paths))
        if isinstance(answer, Orphan)
    ]


def missing(keys: Iterable[str], paths: Iterable[str]) -> list[str]:
    answers = compare(objects(*keys), locations(*paths, required=True))
    return sorted(answer.location.path for answer in answers if isinstance(answer, Missing))


@pytest.mark.parametrize(
    ("keys", "paths", "expected"),
    [
        (["a/1", "a/2"], ["a"], []),
        (["a/1", "b/1"], ["a"], ["b/1"]),
        # '-', '.' and '!' come before '/', '0' after it.
        (["a", "a!", "a-b/1", "a.txt", "a/1", "a0"], ["a"], ["a!", "a-b/1", "a.txt", "a0"]),
        (["a-b/1", "a/1"], ["a", "a-b"], []),
        (["a-b/1", "a/1", "a/2/3"], ["a-b", "a/2"], ["a/1"]),
        (["a/b/c", "a/b/d", "a/c"], ["a", "a/b"], []),
        (["a/b/c", "a/bc"], ["a/b"], ["a/bc"]),
        (["a/b"], ["a/b/c"], ["a/b"]),
        (["a/MLmodel"], ["a/MLmodel"], []),
        (["ä/1", "z/1", "\U0001f600/1", "\uffee/1"], ["ä", "\U0001f600", "\uffee"], ["z/1"]),
        (["x"], [], ["x"]),
        (["x"], [""], []),
        ([], ["a"], []),
    ],
)
def test_an_object_belongs_to_the_location_at_or_above_its_key(
    keys: list[str], paths: list[str], expected: list[str]
) -> None:
    assert orphans(keys, paths) == expected


def test_a_required_location_without_any_object_is_missing() -> None:
    keys = ["a-b/1", "a/b/1", "c"]
    assert missing(
        keys, ["", "0", "a", "a-b", "a/b", "a/b/1", "a/b/2", "a/c", "c", "c/d", "z"]
    ) == ["0", "a/b/2", "a/c", "c/d", "z"]
    assert missing([], ["a"]) == ["a"]
    assert [type(answer) for answer in compare([], locations("a"))] == []


def test_two_rows_at_one_place_are_both_found_or_both_missing() -> None:
    twice = [
        Location("a", "loggedModel", "m-1", required=True),
        Location("a", "modelVersion", "x/1", required=True),
    ]
    assert [type(answer) for answer in compare(objects("a/1"), twice)] == [Covered]
    again = [
        Location("a", "loggedModel", "m-1", required=True),
        Location("a", "modelVersion", "x/1", required=True),
    ]
    assert [type(answer) for answer in compare(objects("b"), again)] == [Missing, Missing, Orphan]


def test_what_a_removal_still_takes_is_no_orphan_and_a_row_wins_over_it() -> None:
    both = [
        Location("a", "run", "r", pending=True),
        Location("a/kept", "run", "k"),
        Location("b", "run", "q", pending=True),
    ]
    answers = [
        (type(answer), answer.object.key)
        for answer in compare(objects("a/1", "a/kept/1", "b/1", "c"), both)
    ]  # type: ignore[union-attr]
    assert answers == [(Pending, "a/1"), (Covered, "a/kept/1"), (Pending, "b/1"), (Orphan, "c")]


def test_disorder_is_an_error_and_not_an_answer() -> None:
    with pytest.raises(
        OrderError, match="the object store lists its keys out of order: 'a/b' after 'a0'"
    ):
        list(compare([StoredObject("a0", 1, 0), StoredObject("a/b", 1, 0)], []))
    with pytest.raises(OrderError, match="out of order"):
        list(compare([StoredObject("a", 1, 0), StoredObject("a", 1, 0)], []))
    with pytest.raises(OrderError, match="the database returned locations out of order"):
        list(compare(objects("z"), [Location("b", "run", "1"), Location("a", "run", "2")]))


@pytest.mark.parametrize("seed", range(300))
def test_the_same_as_the_definition_on_any_tree(seed: int) -> None:
    chance = random.Random(seed)
    names = ["a", "b", "a-", "a.", "a0", "ab", "-", "ä"]

    def path() -> str:
        return "/".join(chance.choice(names) for _ in range(chance.randint(1, 4)))

    keys = sorted({path() for _ in range(chance.randint(0, 40))})
    paths = [path() for _ in range(chance.randint(0, 20))]

    def covered(key: str, place: str) -> bool:
        return key == place or key.startswith(f"{place}/")

    assert orphans(keys, paths) == [
        key for key in keys if not any(covered(key, place) for place in paths)
    ]
    assert missing(keys, paths) == sorted(
        place for place in paths if not any(covered(key, place) for key in keys)
    )


def test_memory_does_not_grow_with_the_number_of_objects() -> None:
    """100,000 objects of 20,000 runs, every tenth run without a row: at most 1 MB at any time."""

    def listing() -> Iterator[StoredObject]:
        for run in range(20_000):
            for number in range(5):
                yield StoredObject(f"artifacts/1/{run:032d}/artifacts/{number}", 1, 0)

    def rows() -> Iterator[Location]:
        for run in range(20_000):
            if run % 10:
                yield Location(f"artifacts/1/{run:032d}/artifacts", "run", str(run))

    tracemalloc.start()
    found = sum(isinstance(answer, Orphan) for answer in compare(listing(), rows()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == 10_000
    assert peak < 1_000_000
