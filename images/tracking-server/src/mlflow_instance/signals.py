"""What SIGTERM and SIGINT do to a process of this image."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_ENDING = (signal.SIGTERM, signal.SIGINT)
# 128 + 15, as a shell says it.
TERMINATED = 143


def exit_on_signals(code: int) -> None:
    """They end the process at once with `code`, whenever nothing else handles them.

    Process 1 of a container has no default for them: without this, the end of its pod takes all of
    its grace, and a SIGKILL. uvicorn takes them over while it serves, and raises them again when
    the last request is done.
    """
    for number in _ENDING:
        signal.signal(number, lambda *_: sys.exit(code))


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
    import ctypes

    pr_set_pdeathsig = 1
    ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGTERM)
    # It may have gone before.
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)
