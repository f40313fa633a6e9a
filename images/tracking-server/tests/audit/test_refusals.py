"""What the server refused: a handful of rows, whatever is sent, and no request waits for them."""

import threading
import time
from pathlib import Path

import pytest
import requests

from tests.audit.conftest import Start
from tests.audit.rows import rows

_CREATE = "/api/2.0/mlflow/runs/create"


def test_ten_thousand_wrong_credentials_make_a_handful_of_rows(
    start: Start, fresh_uri: str
) -> None:
    server = start()
    statuses: set[int] = set()
    begun = time.monotonic()

    def guess(number: int) -> None:
        session = requests.Session()
        for one in range(2500):
            headers = {"Authorization": f"Bearer guess-{number}-{one}"}
            path = f"/api/2.0/mlflow/runs/get?run_id={one}"
            statuses.add(session.get(f"{server.url}{path}", headers=headers).status_code)

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # The first ones are answered one by one (wrong_credentials.py).
    assert statuses == {401, 429}
    assert server.stop() == 0
    found = rows(fresh_uri)
    assert sum(row["count"] for row in found) == 10_000
    # Two for each reason and minute that it took.
    assert len(found) <= 4 * (2 + (time.monotonic() - begun) // 60)
    assert {(row["action"], row["caller"], row["refusal"]) for row in found} == {
        ("refusal", None, "unknown"),
        ("refusal", None, "limited"),
    }
    assert "guess" not in str(found)


def test_each_reason_has_its_row(start: Start, fresh_uri: str) -> None:
    server = start()
    session = f"{server.url}/api/2.0/mlflow/runs/search"
    assert server.request("POST", _CREATE, "read", json={}).status_code == 403
    assert server.request("DELETE", "/api/3.0/mlflow/assistant/x", "admin").status_code == 403
    assert requests.get(session, timeout=60).status_code == 401
    refused = server.request(
        "POST", _CREATE, "edit", json={}, headers={"Origin": "https://elsewhere.example"}
    )
    assert refused.status_code == 403
    # MLflow's own: it was let through, and changed nothing.
    gone = server.request("POST", "/api/2.0/mlflow/runs/delete", json={"run_id": "0" * 32})
    assert gone.status_code == 404
    assert server.stop() == 0
    found = {
        (row["action"], row["caller"], row["status"], row["refusal"]) for row in rows(fresh_uri)
    }
    assert found == {
        ("refusal", "reader/1", 403, "needs edit"),
        ("refusal", "adminer/1", 403, "closed"),
        ("refusal", None, 401, "missing"),
        ("refusal", "editer/1", 403, "host or origin"),
        ("deletion", "adminer/1", 404, None),
    }


def test_paths_of_an_inventive_sender_are_not_held_apart(start: Start, fresh_uri: str) -> None:
    server = start()
    for one in range(300):
        server.request("POST", f"/api/2.0/mlflow/invented/{one}", "edit")
    assert server.stop() == 0
    found = rows(fresh_uri)
    assert sum(row["count"] for row in found) == 300
    assert len(found) < 20


@pytest.mark.parametrize("workers", [2])
def test_two_workers_lose_none(start: Start, fresh_uri: str, workers: int, tmp_path: Path) -> None:
    server = start(workers)
    for one in range(40):
        answer = server.request(
            "POST", "/api/2.0/mlflow/experiments/create", json={"name": f"two-{one}"}
        )
        assert answer.status_code == 200
    assert server.stop() == 0
    names = [row["object"]["name"] for row in rows(fresh_uri, "action = 'change'")]
    assert sorted(names) == sorted(f"two-{one}" for one in range(40))
