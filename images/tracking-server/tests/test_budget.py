import asyncio

import pytest

from mlflow_instance.budget import Budget, BudgetFull


def test_keys_take_turns_and_the_heavy_one_is_not_passed_for_ever() -> None:
    async def scenario() -> None:
        budget = Budget(10, waiting=100, seconds=5)
        order: list[str] = []

        async def one(key: str, weight: int) -> None:
            await budget.take(weight, key)
            order.append(f"{key}{weight}")
            await asyncio.sleep(0.001)
            budget.give(weight, key)

        await budget.take(10, "first")
        tasks = [
            asyncio.ensure_future(one(*each))
            for each in [("a", 4), ("a", 4), ("a", 4), ("b", 9), ("c", 1)]
        ]
        await asyncio.sleep(0)
        budget.give(10, "first")
        await asyncio.gather(*tasks)
        assert order.index("b9") <= 3 and sorted(order) == ["a4", "a4", "a4", "b9", "c1"]
        assert await budget.take(10, "last")

    asyncio.run(scenario())


def test_one_key_never_holds_all_of_it() -> None:
    async def scenario() -> None:
        budget = Budget(5, per_key=4, waiting=10, seconds=0.05)
        for _ in range(4):
            assert budget.try_take(1, "a")
        assert not budget.try_take(1, "a")
        assert budget.try_take(1, "b")
        budget.give(1, "b")
        with pytest.raises(BudgetFull):
            await budget.take(1, "a")

    asyncio.run(scenario())


def test_whoever_gives_up_gives_back() -> None:
    async def scenario() -> None:
        budget = Budget(1, waiting=10, seconds=5)
        await budget.take(1, "a")
        gone = asyncio.get_running_loop().create_future()
        leaving = asyncio.ensure_future(budget.take(1, "a", gone))
        cancelled = asyncio.ensure_future(budget.take(1, "a"))
        last = asyncio.ensure_future(budget.take(1, "a"))
        await asyncio.sleep(0)
        gone.set_result(None)
        cancelled.cancel()
        assert await leaving is False
        # Admitted and cancelled at once.
        budget.give(1, "a")
        last.cancel()
        await asyncio.gather(cancelled, last, return_exceptions=True)
        assert budget.try_take(1, "b") and budget.waiting == 0

    asyncio.run(scenario())
