"""Keys and rows are compared in one order: a store that lists in another gets no answer, and the
database sorts as Python does.
"""

import random
from collections.abc import Iterator

import pytest

from mlflow_instance.maintenance.bucket import Bucket, Object
from mlflow_instance.maintenance.pointers import Pointers
from tests.maintenance.orphans.reports import remove, report
from tests.maintenance.world import World


def test_a_store_that_lists_out_of_order_gets_no_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        world.put(f"artifacts/{number}/x")
    genuine = Bucket.objects

    def disorder(bucket: Bucket, prefix: str, start_after: str = "") -> Iterator[Object]:
        found = list(genuine(bucket, prefix, start_after))
        yield from [*found[1:], *found[:1]] if prefix == "" else found

    with monkeypatch.context() as patch:
        patch.setattr(Bucket, "objects", disorder)
        for act in (report, remove):
            outcome = act(world)
            assert outcome.code == 1
            assert [one["event"] for one in outcome.events] == ["error"], (
                "no orphan is named before the order is known"
            )
            assert "lists its keys out of order" in outcome.events[0]["message"]
            assert "nothing was removed" in outcome.events[0]["message"]
    assert len(world.keys("artifacts/")) == 5
    assert report(world).summary["orphans"] == 5


@pytest.mark.parametrize("seed", range(3))
def test_the_database_s_order_and_reading_are_python_s(world: World, seed: int) -> None:
    """Every location of a wild mix comes out once, in the order of the keys, at the place that locations.py reads."""
    chance = random.Random(seed)
    names = [
        "a",
        "b-",
        "b.",
        "b",
        "b0",
        "ä",
        "\U0001f600",
        "\uffee",
        "x y",
        "x%20y",
        "..",
        ".",
        "",
        "A",
        "_",
        "~",
        "a?b",
        "a#b",
        "a\\b",
    ]
    prefixes = [
        "mlflow-artifacts:/",
        f"s3://{world.bucket_name}/",
        "mlflow-artifacts://h/",
        "s3://somebody-elses/",
        "dbfs:/",
        "/",
    ]
    uris = [
        chance.choice(prefixes)
        + "/".join(chance.choice(names) for _ in range(chance.randint(1, 4)))
        for _ in range(300)
    ]
    for number, uri in enumerate(uris):
        world.sql(
            "INSERT INTO runs (run_uuid, artifact_uri, status, lifecycle_stage) VALUES (%s, %s, 'RUNNING', 'active')",
            str(number),
            uri,
        )
    # Most databases sort as people do; the tests' own sorts by bytes.
    world.sql('ALTER TABLE runs ALTER COLUMN artifact_uri TYPE varchar(200) COLLATE "und-x-icu"')
    with world.job() as (context, _):
        store = context.settings.store
        pointers = Pointers(context.connection, store, 0)
        with pointers.in_key_order() as locations:
            found = [(location.path, location.id) for location in locations]
        assert [path for path, _ in found] == sorted(path for path, _ in found)
        by_run: dict[str, set[str]] = {}
        for path, run in found:
            by_run.setdefault(run, set()).add(path)
        for number, uri in enumerate(uris):
            lenient, strict, read = (
                store.protected_prefixes(uri),
                store.own_prefix(uri),
                by_run.get(str(number), set()),
            )
            assert read == lenient or read == {strict}, uri
        keys = {f"{path}/file" for path, _ in found if path}
        assert pointers.needed(keys) == keys
        assert pointers.needed(["artifacts/nobody/file"]) == (
            {"artifacts/nobody/file"} if any(not p or p == "artifacts" for p, _ in found) else set()
        )
