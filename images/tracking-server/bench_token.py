"""What the token check costs per request, beside MLflow's own basic auth: bench_token.sh, or this file with the image's Python.

Prints one line per figure, `<name> <microseconds>`, the median of several rounds.
"""

import asyncio
import hashlib
import json
import logging
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from mlflow_instance.access_log import log_access
from mlflow_instance.accounting import Observer
from mlflow_instance.credentials import credential_of
from mlflow_instance.fence import is_clean, required_role
from mlflow_instance.callers import Callers
from mlflow_instance.middleware import InstanceMiddleware
from mlflow_instance.readiness import Readiness
from mlflow_instance.tokens import TokenStore

_PATH = "/api/2.0/mlflow/runs/log-batch"


def median_microseconds(action: Callable[[], object], times: int, rounds: int = 7) -> float:
    action()
    results = []
    for _ in range(rounds):
        started = time.perf_counter()
        for _ in range(times):
            action()
        results.append((time.perf_counter() - started) / times * 1e6)
    return statistics.median(results)


def token_file(folder: Path, count: int) -> Path:
    entries = [
        {
            "name": f"t{i}",
            "role": "edit",
            "sha256": hashlib.sha256(f"token-{i}".encode()).hexdigest(),
            "expires": "2999-12-31",
        }
        for i in range(count)
    ]
    file = folder / f"tokens-{count}.json"
    file.write_text(json.dumps({"version": 1, "tokens": entries}))
    return file


def check(folder: Path, count: int) -> float:
    store = TokenStore(token_file(folder, count))
    headers = [(b"host", b"h"), (b"accept", b"*/*"), (b"authorization", b"Bearer token-0")]

    def one() -> None:
        credential = credential_of(headers)
        token = store.find(credential or "")
        needed = required_role("POST", _PATH)
        assert token is not None and needed is not None and token.role >= needed and is_clean(_PATH)

    return median_microseconds(one, 2000)


def layer(folder: Path, metrics: bool = False) -> float:
    """The whole layer as the server calls it, access line included, over an application that does nothing."""
    observers: list[Observer] = [log_access]
    if metrics:
        from mlflow_instance.metrics import prepare

        tempfile.tempdir = str(folder)
        prepare()
        from mlflow_instance.metrics.requests import count

        observers.append(count)
    handler = logging.FileHandler(os.devnull)
    # Not one more for each call.
    logging.getLogger("mlflow_instance").handlers[:] = [handler]
    logging.getLogger("mlflow_instance").setLevel(logging.INFO)
    logging.getLogger("mlflow_instance").propagate = False

    async def nothing(scope: object, receive: object, send: object) -> None:
        pass

    app = InstanceMiddleware(
        nothing,
        name="bench",
        callers=Callers(TokenStore(token_file(folder, 10))),
        readiness=Readiness(lambda: True),
        observers=observers,
    )
    scope = {
        "type": "http",
        "method": "POST",
        "path": _PATH,
        "headers": [(b"host", b"h"), (b"authorization", b"Bearer token-0")],
    }

    async def rounds() -> float:
        results = []
        for _ in range(7):
            started = time.perf_counter()
            for _ in range(2000):
                await app(scope, None, None)  # type: ignore[arg-type]
            results.append((time.perf_counter() - started) / 2000 * 1e6)
        return statistics.median(results)

    return asyncio.run(rounds())


def mlflow_basic_auth(folder: Path) -> float:
    """`authenticate_user` of MLflow's basic-auth app, which runs at least once per request; on SQLite, the nearest database there is."""
    os.environ["MLFLOW_AUTH_ADMIN_PASSWORD"] = os.environ["MLFLOW_FLASK_SERVER_SECRET_KEY"] = (
        "for-the-bench-only-0000"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Flask-WTF, which that app needs and the image has not.
        sys.path.append(os.environ["MLFLOW_INSTANCE_TEST_EXTRA"])
        from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore

        store = SqlAlchemyStore()
        store.init_db(f"sqlite:///{folder}/auth.db")
    store.create_user("somebody", "a-long-enough-password")
    return median_microseconds(
        lambda: store.authenticate_user("somebody", "a-long-enough-password"), 5
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"token_check_1_token {check(folder, 1):.1f}")
        print(f"token_check_10_tokens {check(folder, 10):.1f}")
        print(f"token_check_100_tokens {check(folder, 100):.1f}")
        print(f"token_layer_10_tokens {layer(folder):.1f}")
        print(f"token_layer_with_metrics {layer(folder, metrics=True):.1f}")
        print(f"mlflow_basic_auth {mlflow_basic_auth(folder):.1f}")


if __name__ == "__main__":
    main()
