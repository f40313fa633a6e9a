"""What SIGTERM and SIGINT do to a process of this image."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_ENDING = (signal.SIGTERM, signal.SIGINT)
_PR_SET_PDEATHSIG = 1


def on_signals(handler: Callable[[int, FrameType | None], None]) -> None:
    for number in _ENDING:
        signal.signal(number, handler)


def exit_on_signals(code: int | None = None) -> None:
    """They end the process at once, whenever nothing else handles them: with `code`, or as a shell says it (143).

    Process 1 of a container has no default for them: without this, the end of its pod takes all of
    its grace, and a SIGKILL. uvicorn takes them over while it serves, and raises them again when
    the last request is done.
    """
    on_signals(lambda number, _: sys.exit(128 + number if code is None else code))


@contextmanager
def signals_held() -> Iterator[None]:
    """What arrives within the block is handled at its end."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        release_signals()


def release_signals() -> None:
    """A forked process begins with its parent's held signals, and says itself when it is ready."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)


def end_with_parent(parent: int) -> None:
    """In a container everything goes with process 1 anyway; elsewhere what a killed parent forked
    would stay, and hold its port."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    # It may have gone before.
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)
