"""Pages of results that are made smaller until they fit into the memory of one answer.

Everything that MLflow's stores page has a `max_results` and a `page_token`. A page may hold less than was asked for, its
token says that there is more, and MLflow's clients follow it.
"""

import functools
import inspect
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from mlflow_instance.answer_meter import AnswersBusy, AnswerTooLarge, current_meter

# Up to here a page is tried as it was asked for; the UI asks for 25 to 100 rows and shows as many.
_TRIED_WHOLE = 100
_REMEMBERED = 256
# A try that fails costs as much as a page. From 10,000 it takes three to come down to 39; the next
# page knows better.
_SMALLER = 16
# Takes a token but gives none: a smaller page would be a part that looks like the whole.
_NO_NEXT_PAGE = {"query_trace_metrics"}


class _Costs:
    """What one result of a search has cost lately, so that the next page of it is tried in the
    right size at once."""

    def __init__(self) -> None:
        self._costs: OrderedDict[str, float] = OrderedDict()

    def remember(self, search: str, cost: float) -> None:
        self._costs[search] = cost
        self._costs.move_to_end(search)
        while len(self._costs) > _REMEMBERED:
            self._costs.popitem(last=False)

    def fitting(self, search: str, left: int) -> int | None:
        cost = self._costs.get(search)
        return int(left * 0.8 / cost) if cost else None


def page_by_size(*stores: type) -> list[str]:
    """Wraps each paged method of the stores; gives their names."""
    wrapped = []
    for store in stores:
        for name, method in inspect.getmembers(store, inspect.isfunction):
            if name in _NO_NEXT_PAGE or not {"max_results", "page_token"} <= set(
                inspect.signature(method).parameters
            ):
                continue
            setattr(store, name, _smaller_pages(method))
            wrapped.append(name)
    return wrapped


def _smaller_pages(method: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(method)
    costs = _Costs()

    @functools.wraps(method)
    def search(*args: Any, **kwargs: Any) -> Any:
        meter = current_meter()
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        asked = bound.arguments["max_results"]
        # Nothing asked is the store's own default, which it knows: nothing to make smaller. What
        # is wrong MLflow says itself.
        # `search_runs` calls `_search_runs`, which is paged as well: one of them makes the pages.
        if meter is None or meter.paging or not isinstance(asked, int) or asked < 1:
            return method(*args, **kwargs)
        others = {
            name: value
            for name, value in bound.arguments.items()
            if name not in ("self", "max_results", "page_token")
        }
        key = repr(others)[:1000]
        size, before, most = asked, meter.used, meter.most
        if asked > _TRIED_WHOLE:
            # There will be a next page: no need to take what others may need at once.
            meter.most = min(most, before + 2 * meter.own)
            if (fitting := costs.fitting(key, meter.most - before)) is not None:
                size = max(_TRIED_WHOLE, min(asked, fitting))
        meter.paging, failed = True, False
        try:
            while True:
                bound.arguments["max_results"] = size
                # The store's look at the next result must not be what is too large.
                alone = failed and size == 1
                meter.first_only, meter.first = alone, None
                try:
                    page = method(*bound.args, **bound.kwargs)
                    break
                except (AnswerTooLarge, AnswersBusy) as error:
                    if alone and meter.most == most:
                        if isinstance(error, AnswerTooLarge) and meter.first is not None:
                            raise AnswerTooLarge(meter.limit, meter.first) from None
                        raise
                    meter.rewind(before)
                    failed = True
                    if alone:
                        meter.most = most
                size = max(1, size // _SMALLER)
        finally:
            meter.most, meter.paging, meter.first_only = most, False, False
        if (found := len(page[0] if isinstance(page, tuple) else page)) > 0:
            costs.remember(key, (meter.used - before) / found)
        return page

    return search
