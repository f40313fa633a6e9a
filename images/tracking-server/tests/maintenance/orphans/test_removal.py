"""A removal takes orphans only: a row that comes before it wins, and after a kill
or a store that was away the next run finishes.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mlflow_instance.maintenance import orphans
from mlflow_instance.maintenance.bucket import Bucket
from mlflow_instance.maintenance.errors import StoreUnreachable
from tests.maintenance.orphans.reports import remove, version_of
from tests.maintenance.world import World


def before_removal(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    genuine = orphans._remove

    def first(*arguments: Any) -> Any:
        act()
        return genuine(*arguments)

    monkeypatch.setattr(orphans, "_remove", first)


def test_a_row_that_comes_before_the_removal_wins(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = world.experiment("fraud")
    keys = [
        world.put(f"artifacts/{place}/x")
        for place in (
            "plain",
            "plain-not",
            "own",
            "with space",
            f"{experiment}/{'a' * 32}/artifacts",
            f"{experiment}/models/m-1/artifacts",
        )
    ]

    def act() -> None:
        version_of(world, "mlflow-artifacts:/plain")
        version_of(world, f"s3://{world.bucket_name}/artifacts/own/x")
        version_of(world, "mlflow-artifacts:/with%20space")
        world.run(experiment, uri=f"mlflow-artifacts:/{experiment}/{'a' * 32}/artifacts")

    before_removal(monkeypatch, act)
    outcome = remove(world)
    assert (outcome.code, outcome.summary["removed"], outcome.summary["inUseAgain"]) == (0, 2, 4)
    assert [key for key in keys if key not in world.keys()] == [
        "artifacts/plain-not/x",
        f"artifacts/{experiment}/models/m-1/artifacts/x",
    ]


def test_a_kill_in_between_leaves_the_rest_to_the_next_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: world.put(f"artifacts/gone/{number:05d}"), range(1500)))
    used = world.put(f"artifacts/1/{'b' * 32}/artifacts/x")
    world.run(world.experiment("fraud"), uri=f"mlflow-artifacts:/1/{'b' * 32}/artifacts")
    calls = 0

    def kill() -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise Killed

    with monkeypatch.context() as patch:
        before_removal(patch, kill)
        with pytest.raises(Killed):
            remove(world)
    assert len(world.keys("artifacts/gone/")) == 500
    assert remove(world).summary["removed"] == 500
    assert world.keys("artifacts/") == [used]


def test_keys_that_stay_are_named_and_the_rest_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        world.put(f"artifacts/gone/{number}")
    genuine = Bucket._call

    def refuse(bucket: Bucket, what: str, call: Callable[[], Any]) -> Any:
        answer = genuine(bucket, what, call)
        if what == "delete":
            answer = [*answer, {"Key": "artifacts/gone/1", "Code": "AccessDenied", "Message": "no"}]
        return answer

    monkeypatch.setattr(Bucket, "_call", refuse)
    outcome = remove(world)
    assert outcome.code == 3
    assert [(one["kind"], one["id"], one["message"]) for one in outcome.of("fail")] == [
        ("object", "artifacts/gone/1", "AccessDenied: no")
    ]
    assert (outcome.summary["removed"], outcome.summary["failed"]) == (2, 1)


def test_a_store_that_goes_away_removes_nothing_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put("artifacts/gone/1")

    def away(*_: object) -> None:
        raise StoreUnreachable("the object store does not answer")

    for method in ("objects", "put", "get"):
        with monkeypatch.context() as patch:
            patch.setattr(Bucket, method, away)
            assert remove(world).code == 1
        assert "artifacts/gone/1" in world.keys()
    assert remove(world).summary["removed"] == 1
