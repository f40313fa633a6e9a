"""What the requests of one worker may hold in memory; every bound of the server follows from here.

The container's memory limit is the one number: `limits.memory` of the pod, given as MLFLOW_INSTANCE_MEMORY_LIMIT. Four fifths of it are
planned with, the idle memory is taken off, and the workers share the rest evenly. A tier therefore needs no numbers of its own.
"""

from dataclasses import dataclass

MIB = 1024 * 1024
# Outside a container: what the smallest tier has.
DEFAULT_MEMORY = 768 * MIB
# Idle memory after the first requests, with room for what Python's allocator keeps: measured 230 MiB with 1 worker, 280 MiB with 3 (PSS).
_IDLE, _IDLE_PER_WORKER = 220 * MIB, 40 * MIB
# A limit below what is idle is wrong, but not a reason to serve nothing.
_LEAST = 64 * MIB


@dataclass(frozen=True)
class Limits:
    # All requests of one worker together.
    worker_bytes: int
    # One request's rows, their objects in Python and the answer made of them.
    answer_bytes: int
    # The largest body of a request that is no artifact.
    body_bytes: int


def limits_of(memory: int, workers: int, turns: int) -> Limits:
    """`memory` is the container's limit in bytes, `turns` how many requests of one worker may be in MLflow's handlers at once."""
    worker = max(_LEAST, (memory * 4 // 5 - _IDLE - _IDLE_PER_WORKER * workers) // workers)
    # Half of it is for answers; bodies and transfers have the other half.
    answer = worker // 2 // turns
    # A JSON body of n bytes takes about 9 n while it is parsed, and MLflow's own largest (a log-batch of 1 MB) must always fit.
    body = max(2 * MIB, worker // 2 // 16)
    return Limits(worker, answer, body)
