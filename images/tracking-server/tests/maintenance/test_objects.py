"""Finding objects with few listings finds exactly what one listing per item would."""

import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from threading import Lock

import pytest

from mlflow_instance.maintenance.bucket import Failure, Object
from mlflow_instance.maintenance.items import EXPERIMENT, MODEL, RUN, Item
from mlflow_instance.maintenance.locations import is_at_or_under
from mlflow_instance.maintenance.objects import delete_objects, measure_objects


class Listing:
    """An object store in memory; small pages, so that every item is cut by some page."""

    def __init__(self, keys: Iterable[str], page_size: int) -> None:
        self.keys = sorted(set(keys), key=str.encode)
        self.page_size = page_size
        self.pages = 0
        # A store loses no delete to another one beside it.
        self._lock = Lock()

    def page(self, prefix: str, start_after: str = "") -> tuple[list[Object], bool]:
        self.pages += 1
        found = [
            key
            for key in self.keys
            if key.startswith(prefix) and key.encode() > start_after.encode()
        ]
        return [
            Object(key, len(key), datetime(2026, 1, 1, tzinfo=UTC))
            for key in found[: self.page_size]
        ], len(found) > self.page_size

    def objects(self, prefix: str, start_after: str = "") -> Iterator[Object]:
        more = True
        while more:
            found, more = self.page(prefix, start_after)
            yield from found
            start_after = found[-1].key if found else start_after

    def delete(self, keys: Iterable[str]) -> list[Failure]:
        gone = set(keys)
        with self._lock:
            assert gone <= set(self.keys), "each key is deleted once"
            self.keys = [key for key in self.keys if key not in gone]
        return []


class Neighbours:
    def __init__(self, *locations: str) -> None:
        self._locations = locations

    def spared(self, keys: Sequence[tuple[Item, str]]) -> set[str]:
        return set()

    def experiments_under(self, prefix: str, own: int) -> list[str]:
        return [location for location in self._locations if is_at_or_under(location, prefix)]

    def is_alone(self, prefix: str, own: int) -> bool:
        return not any(
            is_at_or_under(location, prefix) or is_at_or_under(prefix, location)
            for location in self._locations
        )


def item(place: str, name: str, kind: str = RUN) -> Item:
    tail = {RUN: f"/{name}/artifacts", MODEL: f"/models/{name}/artifacts", EXPERIMENT: ""}[kind]
    assert place.endswith(tail)
    return Item(kind, name, None, 1, None, place.removesuffix(tail))


@pytest.mark.parametrize("seed", range(60))
def test_as_one_listing_per_item(seed: int) -> None:
    choose = random.Random(seed)
    ids = [f"{choose.getrandbits(32):08x}" for _ in range(choose.randint(1, 60))]
    keys, items = ["artifacts/1/loose", "artifacts/2", "artifacts/1"], list[Item]()
    for name in ids:
        folder = choose.choice(
            ["artifacts/1", "artifacts/1/nested", "artifacts/1/models", "artifacts/2"]
        )
        prefix = f"{folder}/{name}/artifacts"
        inside = choose.choice([0, 1, 2, 5, 40])
        keys += [
            f"{prefix}/{choose.choice(['a', 'b/c', 'ü', ' '])}{number}" for number in range(inside)
        ]
        # What lies beside it, or looks like it.
        keys += choose.sample(
            [
                f"{prefix}x",
                f"{prefix}-1/a",
                prefix,
                f"{folder}/{name}/other",
                f"{folder}/{name}0/artifacts/a",
            ],
            choose.randint(0, 5),
        )
        if choose.random() < 0.6:
            items.append(item(prefix, name, MODEL if folder.endswith("/models") else RUN))
    neighbours = Neighbours(*[f"{one.prefixes[0]}/b" for one in items[::7]])
    choose.shuffle(items)
    store = Listing(keys, choose.choice([1, 2, 3, 7, 1000]))
    expected = {
        one.id: sorted(
            key
            for key in store.keys
            if key.startswith(f"{one.prefixes[0]}/")
            and not any(is_at_or_under(key, other) for other in neighbours._locations)
        )
        for one in items
    }
    measured = measure_objects(store, items, neighbours)  # type: ignore[arg-type]
    assert {name: (tally.objects, tally.bytes) for name, tally in measured.items()} == {
        name: (len(found), sum(map(len, found))) for name, found in expected.items()
    }
    before = set(store.keys)
    delete_objects(store, items, neighbours)  # type: ignore[arg-type]
    assert before - set(store.keys) == {key for found in expected.values() for key in found}


def test_many_runs_side_by_side_cost_one_listing_for_a_thousand_objects() -> None:
    ids = [f"{number:08x}" for number in range(1000)]
    store = Listing(
        [f"artifacts/1/{name}/artifacts/{number}" for name in ids for number in range(5)], 1000
    )
    measure_objects(
        store, [item(f"artifacts/1/{name}/artifacts", name) for name in ids], Neighbours()
    )  # type: ignore[arg-type]
    assert store.pages <= 5000 / 1000 + 4


def test_few_runs_among_many_are_asked_for_one_by_one() -> None:
    ids = [f"{number:08x}" for number in range(20_000)]
    store = Listing([f"artifacts/1/{name}/artifacts/a" for name in ids], 1000)
    few = [item(f"artifacts/1/{name}/artifacts", name) for name in ids[::1000]]
    measured = measure_objects(store, few, Neighbours())  # type: ignore[arg-type]
    assert sum(tally.objects for tally in measured.values()) == len(few)
    assert store.pages <= len(few) + 4


@pytest.mark.parametrize(
    ("neighbour", "swept"),
    [
        ("artifacts/9", True),
        ("artifacts/1", False),
        ("artifacts", False),
        ("artifacts/1/in", False),
    ],
)
def test_what_is_left_of_an_experiment_goes_only_where_nobody_else_is(
    neighbour: str, swept: bool
) -> None:
    store = Listing(["artifacts/1/a", "artifacts/1/b/c", "artifacts/10/a"], 2)
    delete_objects(store, [item("artifacts/1", "1", EXPERIMENT)], Neighbours(neighbour))  # type: ignore[arg-type]
    assert store.keys == (
        ["artifacts/10/a"] if swept else ["artifacts/1/a", "artifacts/1/b/c", "artifacts/10/a"]
    )
