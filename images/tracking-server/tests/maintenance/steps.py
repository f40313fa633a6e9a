"""Runs a job in a child process that ends itself, without a word, at a chosen step."""

import multiprocessing
import os
import signal
from typing import Any
from unittest.mock import patch

import psycopg2

from mlflow_instance.maintenance import bucket as bucket_module
from mlflow_instance.maintenance.bucket import Bucket
from mlflow_instance.maintenance.command import Work
from mlflow_instance.maintenance.retention import retain
from tests.maintenance.world import World


class Steps:
    """Counts every call of the store and every statement and commit; ends the process at the chosen one."""

    def __init__(self, kill_at: int | None) -> None:
        self.taken = 0
        self.kill_at = kill_at

    def __call__(self) -> None:
        self.taken += 1
        if self.taken == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


def counted(step: Steps) -> Any:
    """Patches what the job talks to the world with; the step comes before the call, and the next one after it."""

    class Cursor(psycopg2.extensions.cursor):
        def execute(self, *arguments: Any, **named: Any) -> None:
            step()
            super().execute(*arguments, **named)

    class Connection(psycopg2.extensions.connection):
        def commit(self) -> None:
            step()
            super().commit()

    plain_connect, plain_call = psycopg2.connect, Bucket._call

    def call(self: Bucket, what: str, function: Any) -> Any:
        step()
        return plain_call(self, what, function)

    def connect_counted(*arguments: Any, **named: Any) -> Any:
        return plain_connect(
            *arguments, **named, connection_factory=Connection, cursor_factory=Cursor
        )

    # One thread: the k-th step is the same one each time.
    return patch.multiple(bucket_module.Bucket, _call=call), patch.object(
        psycopg2, "connect", connect_counted
    )


def run_counted(world: World, kill_at: int | None, taken: Any, work: Work, command: str) -> None:
    step = Steps(kill_at)
    calls, connections = counted(step)
    with calls, connections, patch("mlflow_instance.maintenance.objects._THREADS", 1):
        world.run_job(work, command=command)
    taken.value = step.taken


def run_in_child(
    world: World, kill_at: int | None, work: Work = retain, command: str = "retention"
) -> tuple[int, int]:
    """The child's exit code and how many steps it took."""
    context = multiprocessing.get_context("fork")
    taken = context.Value("i", 0)
    child = context.Process(target=run_counted, args=(world, kill_at, taken, work, command))
    child.start()
    child.join(60)
    assert child.exitcode is not None
    return child.exitcode, taken.value
