"""The facts of one request, from its first byte to its end: the one source of the log, the audit and the metrics."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mlflow_instance.callers import Caller
from mlflow_instance.roles import Role
from mlflow_instance.route_classes import RouteClass

# The request's account in the ASGI scope, for the layers further in.
ACCOUNT_KEY = "mlflow_instance.account"

# The reason for a request of a source that sent too many wrong credentials; logged as a sum.
LIMITED = "limited"


@dataclass
class Account:
    method: str
    path: str
    route: RouteClass
    # The address that the trusted proxy reports, or the peer's own.
    source: str
    caller: Caller | None = None
    # For the operator: which kind of wrong credential it was. The answer is the same for all.
    refusal: str = ""
    # None: the route is closed to every role.
    needed: Role | None = None
    # It went on to MLflow; otherwise this server refused it.
    permitted: bool = False
    # 0: no answer was begun.
    status: int = 0
    # Bytes of the bodies.
    received: int = 0
    sent: int = 0
    begun: datetime = field(default_factory=lambda: datetime.now(UTC))
    _begun: float = field(default_factory=time.perf_counter)
    seconds: float = 0.0

    def end(self) -> None:
        self.seconds = time.perf_counter() - self._begun


# Called once at the end of each request that isn't a health check, on the event loop: it must not
# wait.
Observer = Callable[[Account], None]
