"""The size of MLflow's connection pools, from the total that the instance gives them.

A connection of the overflow is closed as soon as its request ends. When several requests run at once most of them then pay for
a new one: 10 ms of processor time for TLS and password, and a new process of PostgreSQL. So all but one are kept.
"""

from collections.abc import Mapping

SIZE, OVERFLOW = "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE", "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW"
# SQLAlchemy's own values, which MLflow leaves alone unless it is told otherwise. It takes an
# overflow of 0 for not set.
_DEFAULT_SIZE, _DEFAULT_OVERFLOW = 5, 10


def all_but_one(environment: Mapping[str, str]) -> int:
    """Of the connections that a pool may open; at least one."""
    size = int(environment.get(SIZE) or _DEFAULT_SIZE)
    overflow = int(environment.get(OVERFLOW) or 0) or _DEFAULT_OVERFLOW
    return max(1, size + overflow - 1)


def kept_connections(environment: Mapping[str, str]) -> dict[str, str]:
    """The same number of connections at most. An overflow of 1 stays, because MLflow would read 0 as 10."""
    return {SIZE: str(all_but_one(environment)), OVERFLOW: "1"}
