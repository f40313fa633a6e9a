"""Limits wrong credentials by source, so that a flood of them costs little.

A valid credential is never limited, even if it shares the source: a company's proxy, or the runners of a CI.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from mlflow_instance.source import neighbourhood

_logger = logging.getLogger(__name__)

# A misconfigured job or a person who mistypes stays below.
BURST = 30
_REFILL_SECONDS = 2.0
# Beyond, the ones that were quiet for longest are forgotten: some 200 bytes each.
_MOST_SOURCES = 4096
_TELL_SECONDS = 60.0


@dataclass
class _Bucket:
    left: float
    at: float
    untold: int = 0
    told_at: float = float("-inf")


class WrongCredentials:
    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def wait(self, source: str) -> int:
        """Counts a wrong credential; seconds to wait before the next one, 0 while that isn't limited."""
        key = neighbourhood(source)
        now = self._monotonic()
        bucket = self._buckets.pop(key, None) or _Bucket(BURST, now)
        self._buckets[key] = bucket
        if len(self._buckets) > _MOST_SOURCES:
            self._buckets.popitem(last=False)
        bucket.left = min(BURST, bucket.left + (now - bucket.at) / _REFILL_SECONDS)
        bucket.at = now
        if bucket.left >= 1:
            bucket.left -= 1
            return 0
        bucket.untold += 1
        if now - bucket.told_at >= _TELL_SECONDS:
            _logger.warning(
                "wrong credentials from %s are limited: %d not answered one by one",
                key or "-",
                bucket.untold,
            )
            bucket.untold, bucket.told_at = 0, now
        return max(1, round((1 - bucket.left) * _REFILL_SECONDS))
