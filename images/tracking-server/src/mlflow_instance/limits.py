"""What the requests of one worker may hold in memory; every bound of the server follows from here.

The container's memory limit is the one number: `limits.memory` of the pod, given as MLFLOW_INSTANCE_MEMORY_LIMIT. Four fifths
of it are planned with, the idle memory is taken off, and the workers share the rest evenly. A tier therefore needs no numbers
of its own. docs/request-limits.md lists the values of the tiers; a test computes them from here.
"""

from dataclasses import dataclass

MIB = 1024 * 1024
# Outside a container: what the smallest tier has.
DEFAULT_MEMORY = 768 * MIB
# Idle memory after the first requests, with room for what Python's allocator keeps: measured 230
# MiB with 1 worker, 280 MiB with 3 (PSS).
_IDLE, _IDLE_PER_WORKER = 220 * MIB, 40 * MIB
# A limit below what is idle is wrong, but not a reason to serve nothing.
_LEAST = 64 * MIB

# S3 takes no smaller part (but the last) and no more parts.
LEAST_PART, MOST_PARTS = 5 * MIB, 10_000
# An upload's memory beside its parts: the pipe between the event loop and the thread, the pieces
# on their way into it, and botocore's blocks for a store behind TLS. Measured 2.7 MiB.
BESIDE_PARTS = 3 * MIB
# MLflow's own bound of `upload-artifact`, which holds the file three times: as body, as data and on
# its way to the store.
UPLOAD_ARTIFACT_BYTES = 10 * MIB
# MLflow's UI sends queries of 2 KiB; a parsed query takes some 300 bytes for each byte.
GRAPHQL_BYTES = 64 * 1024
# Seconds. A body that is no artifact must be whole after this time, and an artifact must not pause
# for longer.
BODY_SECONDS, IDLE_SECONDS = 60.0, 60.0
# Connections of one worker. Each may hold an answer of 64 KiB that its client does not read.
CONNECTIONS = 512
# Seconds until the head of a request is whole, and that what follows an answer is thrown away.
HEAD_SECONDS, LEFTOVER_SECONDS = 30.0, 10.0
# Requests of one worker that wait for a turn, for how long, and what a refused client is told to
# wait.
WAITING, WAIT_SECONDS, RETRY_AFTER_SECONDS = 128, 30.0, 2
# An answer that its client has not read after this time is given up when others need its memory.
SLOW_READER_SECONDS = 30.0
# Requests at once that move artifacts inside MLflow's handlers, and uploads at once. With the turns
# they stay below the 40 threads that a worker has for all handlers.
ARTIFACT_TURNS, UPLOADS = 8, 16


@dataclass(frozen=True)
class Limits:
    # All requests of one worker together.
    worker_bytes: int
    # One request's rows, their objects in Python and the answer made of them.
    answer_bytes: int
    # The largest body of a request that is no artifact, and the largest weight of what is parsed
    # from it (weight.py).
    body_bytes: int
    parsing_bytes: int
    # Bodies that still come in.
    receiving_bytes: int
    # Parts of the uploads in flight.
    uploads_bytes: int
    # Answers that are made and whose clients have not read them.
    unsent_bytes: int

    @property
    def largest_artifact_bytes(self) -> int:
        """One part of the largest size is in memory at a time."""
        return min(5 * 1024**4, MOST_PARTS * ((self.uploads_bytes - BESIDE_PARTS) // MIB * MIB))


def limits_of(memory: int, workers: int, turns: int) -> Limits:
    """`memory` is the container's limit in bytes, `turns` how many requests of one worker may be in MLflow's handlers."""
    worker = max(_LEAST, (memory * 4 // 5 - _IDLE - _IDLE_PER_WORKER * workers) // workers)
    # Answers have a half, uploads and bodies a quarter each. MLflow's own largest body, a log-batch
    # of 1 MB, must always fit.
    body = max(2 * MIB, worker // 32)
    return Limits(
        worker_bytes=worker,
        answer_bytes=worker * 3 // 8 // turns,
        body_bytes=body,
        parsing_bytes=6 * body,
        receiving_bytes=2 * body,
        uploads_bytes=worker // 4,
        unsent_bytes=worker // 8,
    )
