"""Counters of each worker's requests."""

from functools import lru_cache

from prometheus_client import Counter, Gauge, Histogram

from mlflow_instance.accounting import Account
from mlflow_instance.roles import Role

_NAMESPACE = "mlflow_instance"
_NOBODY = "none"
# Seconds: from what a page's file takes to what a large upload does.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)

_requests = Counter(
    "requests", "Requests by class, status and role.", ["route", "status", "role"], _NAMESPACE
)
_durations = Histogram(
    "request_duration_seconds",
    "From the first byte of a request to the last of its answer.",
    ["route"],
    _NAMESPACE,
    buckets=_BUCKETS,
)
_received = Counter("request_bytes", "Bytes of requests' bodies.", ["route"], _NAMESPACE)
_sent = Counter("response_bytes", "Bytes of answers' bodies.", ["route"], _NAMESPACE)
_refused = Counter("refused_requests", "Requests without a valid credential.", ["why"], _NAMESPACE)
_last_used = Gauge(
    "last_used_timestamp_seconds",
    "Minute in which a token or workload was used last, since the pod started.",
    ["caller"],
    _NAMESPACE,
    multiprocess_mode="max",
)
# Of this process: a minute is written once.
_minutes: dict[str, int] = {}


def count(account: Account) -> None:
    """An observer. Its labels have a bounded number of values, none of them a user's."""
    caller = account.caller
    if caller is not None:
        _use(str(caller), int(account.begun.timestamp()) // 60)
    durations, received, sent = _of_route(account.route)
    # 0: the client went away before the answer began.
    _answered(account.route, account.status, caller.role if caller is not None else None).inc()
    durations.observe(account.seconds)
    if account.received:
        received.inc(account.received)
    if account.sent:
        sent.inc(account.sent)
    if account.refusal:
        # `expired:ci/1`: which one it was is in the log.
        _refused.labels(account.refusal.partition(":")[0].partition(" ")[0]).inc()


# To look a series up by its labels costs as much as to count in it.
@lru_cache(maxsize=256)
def _of_route(route: str) -> tuple[Histogram, Counter, Counter]:
    labels = str(route)
    return _durations.labels(labels), _received.labels(labels), _sent.labels(labels)


@lru_cache(maxsize=4096)
def _answered(route: str, status: int, role: Role | None) -> Counter:
    named = _NOBODY if role is None else role.name.lower()
    return _requests.labels(str(route), str(status), named)


def _use(caller: str, minute: int) -> None:
    if _minutes.get(caller) != minute:
        _minutes[caller] = minute
        _last_used.labels(caller).set(minute * 60)
