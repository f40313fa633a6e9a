"""Pages that do not fit are made smaller, once, and by the store's own token."""

from typing import Any

import pytest

from mlflow_instance.answer_meter import AnswerTooLarge, Meter, Reserve, current_meter, metered
from mlflow_instance.pages import page_by_size


def _store(cost: int, count: int = 5000) -> Any:
    class Store:
        tried: list[int] = []

        def search(
            self, max_results: int, page_token: str | None = None
        ) -> tuple[list[int], str | None]:
            return self._search(max_results=max_results, page_token=page_token)

        def _search(
            self, max_results: int, page_token: str | None = None
        ) -> tuple[list[int], str | None]:
            self.tried.append(max_results)
            begin = int(page_token or 0)
            end = min(count, begin + max_results)
            meter = current_meter()
            assert meter is not None
            for _ in range(begin, end):
                meter.charge(cost)
            return list(range(begin, end)), str(end) if end < count else None

    assert sorted(page_by_size(Store)) == ["_search", "search"]
    return Store()


def _follow(store: Any, asked: int) -> tuple[list[int], int]:
    found: list[int] = []
    token, pages = None, 0
    while pages == 0 or token:
        with metered(Meter(1000, Reserve(4000))):
            page, token = store.search(asked, token)
        found += page
        pages += 1
    return found, pages


@pytest.mark.parametrize("cost", [1, 3, 7, 900])
@pytest.mark.parametrize("asked", [2, 100, 101, 10_000])
def test_all_results_come_once(cost: int, asked: int) -> None:
    store = _store(cost, 600)
    assert _follow(store, asked)[0] == list(range(600))


def test_the_next_page_knows_the_size() -> None:
    store = _store(3)
    found, _ = _follow(store, 10_000)
    assert found == list(range(5000))
    # Two tries for the first page, and one of the right size for each further one.
    assert store.tried[:3] == [10_000, 625, 533] and len(store.tried) == 11


def test_one_result_that_is_too_large_is_an_error_after_few_tries() -> None:
    store = _store(6000)
    with metered(Meter(1000, Reserve(4000))), pytest.raises(AnswerTooLarge):
        store.search(10_000)
    assert store.tried == [10_000, 625, 39, 2, 1, 1]


def test_one_result_may_take_what_is_free() -> None:
    store = _store(4500, 3)
    with metered(Meter(1000, Reserve(4000))):
        assert store.search(10_000) == ([0], "1")
