"""A connection pool that lives through a time in which no new connection can be opened.

PostgreSQL knows one password for a role: from the moment that it is replaced until the new pods are
ready, the old ones serve with the connections that they have. So all of the pool is opened at the
start, an old connection is given up only for a new one, and a request that finds none waits for the
next that is free. The same holds when the role's connections are used up.
"""

import logging
import threading
import time
from collections import Counter
from typing import Any

import psycopg2
from sqlalchemy import Engine, exc
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool
from sqlalchemy.util.queue import Empty

_logger = logging.getLogger(__name__)

# How long after a failure the next connection is tried.
_RETRY_SECONDS = 2.0
# How long a request waits for an open connection while no new one can be had: a database that is
# away is told soon.
_FREE_WITHIN_SECONDS = 5.0
# A connection that was used so short a time ago is not asked once more whether it is open: MLflow's
# handlers take two for a write, and each question costs as much as a statement.
_ALIVE_SECONDS = 0.2
_RETURNED = "mlflow_instance_returned"
_engines: list[Engine] = []
# The model registry's, which is opened last at the start; a request may open more.
_spare: list[Engine] = []


class LastingPool(QueuePool):
    def __init__(self, *arguments: Any, renew_seconds: float | None = None, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._renew_seconds = renew_seconds
        self._refused_until = 0.0
        self._freed = threading.Condition()
        # Which thread holds a connection, and how many each thread holds.
        self._holders: dict[ConnectionPoolEntry, int] = {}
        self._held: Counter[int] = Counter()

    def recreate(self) -> "LastingPool":
        return lasting(super().recreate(), self._renew_seconds)

    def _do_get(self) -> ConnectionPoolEntry:
        if self._refused():
            entry = self._free_entry()
        else:
            try:
                entry = super()._do_get()
            except psycopg2.OperationalError as error:
                self._note_refusal(error)
                if self.size() + self.overflow() < 1:
                    raise
                entry = self._free_entry()
        entry = self._renewed(entry)
        if entry.info.get(_RETURNED, 0.0) > time.monotonic() - _ALIVE_SECONDS:
            entry.fresh = True  # type: ignore[attr-defined]
        with self._freed:
            me = threading.get_ident()
            self._holders[entry] = me
            self._held[me] += 1
        return entry

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        with self._freed:
            holder = self._holders.pop(record, None)
            if holder is not None:
                self._held[holder] -= 1
                if not self._held[holder]:
                    del self._held[holder]
        record.info[_RETURNED] = time.monotonic()
        super()._do_return_conn(record)
        with self._freed:
            self._freed.notify_all()

    def _refused(self) -> bool:
        return time.monotonic() < self._refused_until

    def _note_refusal(self, error: Exception) -> None:
        if not self._refused():
            # Not the text of the error: it names the host and the role.
            _logger.warning(
                "the database accepts no new connection (%s); serving with those that are open",
                type(error).__name__,
            )
        self._refused_until = time.monotonic() + _RETRY_SECONDS

    def _free_entry(self) -> ConnectionPoolEntry:
        """One of those that exist. A handler may need a second connection while it holds a
        first: the last free one is kept for it.
        """
        deadline = time.monotonic() + min(self._timeout, _FREE_WITHIN_SECONDS)
        with self._freed:
            while True:
                needed = (
                    1
                    if self._held[threading.get_ident()] or self.size() + self.overflow() < 2
                    else 2
                )
                if self._pool.qsize() >= needed:
                    try:
                        return self._pool.get(False)
                    except Empty:
                        pass
                left = deadline - time.monotonic()
                if left <= 0:
                    raise exc.TimeoutError("no connection to the database became free", code="3o7r")
                self._freed.wait(min(left, 1.0))

    def _renewed(self, entry: ConnectionPoolEntry) -> ConnectionPoolEntry:
        """The pool's own recycling closes the old connection first."""
        opened = getattr(entry, "starttime", 0.0)
        old = (
            self._renew_seconds is not None
            and entry.dbapi_connection is not None
            and time.time() - opened > self._renew_seconds
        )
        if not old or self._refused():
            return entry
        try:
            new: ConnectionPoolEntry = self._create_connection()
        except psycopg2.OperationalError as error:
            self._note_refusal(error)
            return entry
        entry.close()
        return new


def lasting(pool: Any, renew_seconds: float | None) -> LastingPool:
    """The same pool with our ways; what was registered for its events goes along."""
    return LastingPool(
        pool._creator,
        pool_size=pool.size(),
        max_overflow=pool._max_overflow,
        timeout=pool._timeout,
        recycle=-1,
        renew_seconds=renew_seconds,
        echo=pool.echo,
        logging_name=pool._orig_logging_name,
        use_lifo=True,
        reset_on_return=pool._reset_on_return,
        _dispatch=pool.dispatch,
        dialect=pool._dialect,
        pre_ping=pool._pre_ping,
    )


def make_pools_last() -> None:
    import mlflow.store.db.utils as utils

    # A store that a request opens (that of jobs) must not try for 100 s while the database is away:
    # the client tries again.
    utils.MAX_RETRY_COUNT = 1
    create = utils.create_sqlalchemy_engine

    def create_lasting(uri: str) -> Engine:
        engine: Engine = create(uri)
        if type(engine.pool) is QueuePool:
            engine.pool = lasting(
                engine.pool, engine.pool._recycle if engine.pool._recycle > 0 else None
            )
            _engines.append(engine)
        return engine

    utils.create_sqlalchemy_engine = create_lasting


def connections_in_use() -> tuple[int, int]:
    """Connections that requests hold, and how many the pools may open."""
    pools: list[Any] = [engine.pool for engine in _engines]
    return (
        sum(pool.checkedout() for pool in pools),
        sum(pool.size() + pool._max_overflow for pool in pools),
    )


def fill_pools() -> None:
    """Opens what the pools keep open; a database that gives fewer is no reason not to start."""
    _spare[:] = _engines[-1:]
    for engine in _engines:
        opened = []
        try:
            for _ in range(engine.pool.size()):  # type: ignore[attr-defined]
                opened.append(engine.connect())
        except exc.SQLAlchemyError as error:
            _logger.warning(
                "only %d connections to the database could be opened: %s",
                len(opened),
                type(error).__name__,
            )
        finally:
            for connection in opened:
                connection.close()


def spare_connection() -> Any:
    """A connection of the model registry's pool; `close` gives it back.

    A thread that holds one and asks for no second can't bring the requests to a standstill.
    """
    return _spare[0].raw_connection()
