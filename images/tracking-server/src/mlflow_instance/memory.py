"""glibc's allocator, set so that memory a burst of requests took goes back to the system.

By default each thread may have an arena of its own, and blocks below a threshold that grows with use (up to 32 MiB) stay in it:
after some parallel uploads an idle server held twice its memory.
"""

import ctypes

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8


def give_memory_back() -> None:
    """Before the first thread starts. On a C library without mallopt (musl) there is nothing to set."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 2)
        mallopt(_M_MMAP_THRESHOLD, 256 * 1024)
        mallopt(_M_TRIM_THRESHOLD, 1024 * 1024)
