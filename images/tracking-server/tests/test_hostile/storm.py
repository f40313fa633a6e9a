"""What the tests of hostile requests share."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

SEARCH = "/api/2.0/mlflow/runs/search"


def eight(work: Callable[[Any], Any], each: list[Any]) -> list[Any]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(work, each))
