"""Uploads at once from a process of its own; prints the peak of its anonymous memory above idle.

Arguments: the endpoint's URL, the number of uploads, MiB of each.
"""

import gc
import json
import sys
import threading
import time
from pathlib import Path

from mlflow_instance.memory import give_memory_back

give_memory_back()

import asyncio  # noqa: E402
from collections.abc import AsyncIterator  # noqa: E402

import boto3  # noqa: E402

from mlflow_instance.limits import MIB  # noqa: E402
from mlflow_instance.upload import put_stream, stream_to_thread  # noqa: E402
from mlflow_instance.uploads import PIECE  # noqa: E402


def anonymous_bytes() -> int:
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Anonymous:"))


async def upload(client: object, name: str, size: int) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(size // PIECE):
            yield bytes(bytearray(PIECE))

    target = {"Bucket": "instance", "Key": name}
    await stream_to_thread(chunks(), lambda stream: put_stream(client, stream, target, {}))


async def uploads(client: object, count: int, size: int) -> None:
    await asyncio.gather(*(upload(client, f"{number}", size) for number in range(count)))


def main(url: str, count: int, size: int) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=url,
        region_name="eu-central-1",
        aws_access_key_id="test-key",
        aws_secret_access_key="test-secret",
        verify=False,
    )
    asyncio.run(uploads(client, 1, 6 * MIB))
    gc.collect()
    before, peak, done = anonymous_bytes(), 0, threading.Event()

    def sample() -> None:
        nonlocal peak
        while not done.wait(0.005):
            peak = max(peak, anonymous_bytes())

    sampler = threading.Thread(target=sample)
    sampler.start()
    began = time.monotonic()
    asyncio.run(uploads(client, count, size))
    done.set()
    sampler.join()
    print(json.dumps({"peak": peak - before, "seconds": time.monotonic() - began}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) * MIB)
