"""A well-behaved client beside hostile ones, in a process of its own: theirs must not slow it down.

Arguments: the server's port, a token. It searches until its standard input ends, and prints what it
saw.
"""

import http.client
import json
import statistics
import sys
import threading
import time

_BODY = json.dumps({"experiment_ids": ["0"], "max_results": 5})


def search(connection: http.client.HTTPConnection, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request("POST", "/api/2.0/mlflow/runs/search", _BODY, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def main(port: int, token: str) -> None:
    done = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), done.set()), daemon=True).start()
    times: list[float] = []
    failed: list[str] = []
    while not times or not done.wait(0.05):
        # As an ingress for a client that is new to it.
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        began = time.monotonic()
        try:
            status = search(connection, token)
            if status != 200:
                failed.append(str(status))
        except (OSError, http.client.HTTPException) as error:
            failed.append(repr(error))
        times.append(time.monotonic() - began)
        connection.close()
    seen = {
        "searches": len(times),
        "failed": failed,
        "slowest": max(times),
        "median": statistics.median(times),
    }
    print(json.dumps(seen))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
