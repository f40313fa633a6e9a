"""Counters of each worker's requests."""

from prometheus_client import Counter, Gauge, Histogram

from mlflow_instance.accounting import Account

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
    route = str(account.route)
    if account.caller is not None:
        _use(str(account.caller), int(account.begun.timestamp()) // 60)
    role = account.caller.role.name.lower() if account.caller is not None else _NOBODY
    # 0: the client went away before the answer began.
    _requests.labels(route, str(account.status), role).inc()
    _durations.labels(route).observe(account.seconds)
    _received.labels(route).inc(account.received)
    _sent.labels(route).inc(account.sent)
    if account.refusal:
        # `expired:ci/1`: which one it was is in the log.
        _refused.labels(account.refusal.partition(":")[0].partition(" ")[0]).inc()


def _use(caller: str, minute: int) -> None:
    if _minutes.get(caller) != minute:
        _minutes[caller] = minute
        _last_used.labels(caller).set(minute * 60)
