"""What the roles' settings do to a request, on a real PostgreSQL whose processes may not have
more than a gigabyte.
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2
import pytest

from mlflow_instance.database import UNBOUNDED, connect
from tests.conftest import role_tokens, server_environment
from tests.support.postgres import Postgres
from tests.support.server import Server, run, write_tokens

API = "/api/2.0/mlflow"
ROLE, FIRST, SECOND = "instance", "first-password-of-the-test", "second-password-of-the-test"


class Instance:
    """A database with a role of its own, as components/backendDatabase.ts makes them, and a
    server on it.
    """

    def __init__(self, postgres: Postgres, folder: Path, **more: str) -> None:
        self.postgres = postgres
        admin = postgres.create_database("bounded")
        self.admin = connect(admin, connect_timeout=5)
        self.admin.autocommit = True
        self.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{FIRST}' CONNECTION LIMIT 31")
        self.execute(f"ALTER DATABASE bounded OWNER TO {ROLE}")
        self.execute(f"ALTER SCHEMA public OWNER TO {ROLE}")
        self.execute(f"ALTER ROLE {ROLE} SET statement_timeout TO 2000")
        self.execute(f"ALTER ROLE {ROLE} SET idle_in_transaction_session_timeout TO 2000")
        self.uri = f"postgresql+psycopg2://{ROLE}:{FIRST}@127.0.0.1:{postgres.port}/bounded"
        migration = run("mlflow-instance-migrate", {"MLFLOW_BACKEND_STORE_URI": self.uri})
        assert migration.returncode == 0, migration.stderr
        write_tokens(folder / "tokens.json", role_tokens())
        environment = {**server_environment(self.uri, "http://127.0.0.1:9"), **more}
        self.server = Server(environment, folder / "log", folder / "tokens.json")
        self.server.start()

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        with self.admin.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    postgres = Postgres(memory=2**30)
    try:
        postgres.start()
        pool = {"MLFLOW_SQLALCHEMYSTORE_POOL_SIZE": "3", "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW": "3"}
        made = Instance(
            postgres,
            tmp_path_factory.mktemp("bounded"),
            **pool,
            MLFLOW_SQLALCHEMYSTORE_POOL_RECYCLE="5",
        )
        yield made
        made.server.kill()
        made.admin.close()
    finally:
        postgres.remove()


def test_sessions_of_the_role_have_the_settings_and_long_work_lifts_them(
    instance: Instance,
) -> None:
    def show(**session: object) -> dict[str, str]:
        connection = connect(instance.uri, connect_timeout=5, **session)  # type: ignore[arg-type]
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, setting FROM pg_settings")
            values = dict(cursor.fetchall())
        connection.close()
        return values

    bounded = show()
    assert bounded["join_collapse_limit"] == bounded["from_collapse_limit"] == "1"
    assert bounded["work_mem"] == "4096"
    assert bounded["max_parallel_workers_per_gather"] == "0"
    assert bounded["statement_timeout"] == "2000"
    lifted = show(session=UNBOUNDED)
    assert lifted["statement_timeout"] == lifted["idle_in_transaction_session_timeout"] == "0"


def test_the_largest_search_that_is_allowed_is_planned_in_little_memory(instance: Instance) -> None:
    instance.execute(
        "INSERT INTO runs(run_uuid,name,source_type,source_name,entry_point_name,user_id,status,"
        "start_time,end_time,source_version,lifecycle_stage,artifact_uri,experiment_id) "
        "SELECT md5(i::text),'r','LOCAL','','','u','FINISHED',i,i,'','active','x',0 "
        "FROM generate_series(1,1000) i"
    )
    instance.execute(
        "INSERT INTO params SELECT 'p'||k,'v'||i%7,md5(i::text) "
        "FROM generate_series(1,1000) i, generate_series(0,19) k"
    )
    instance.execute("ANALYZE")
    filter_string = " AND ".join(f"params.p{number} LIKE '%v%'" for number in range(20))
    order = [f"metrics.m{number}" for number in range(10)]
    body = {"experiment_ids": ["0"], "filter": filter_string, "order_by": order, "max_results": 5}
    answer = instance.server.request("POST", f"{API}/runs/search", "read", json=body)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["runs"]) == 5
    pids = [
        row[0]
        for row in instance.execute(f"SELECT pid FROM pg_stat_activity WHERE usename = '{ROLE}'")
    ]
    peaks = [
        int(Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1].split()[0]) // 1024
        for pid in pids
    ]
    # With the planner's own limits it is over 2 GiB; shared buffers are part of it.
    assert peaks and max(peaks) < 200, peaks


def test_a_statement_that_takes_too_long_is_ended_and_the_client_is_told(
    instance: Instance,
) -> None:
    locker = connect(
        instance.uri.replace(f"{ROLE}:{FIRST}", f"admin:{instance.postgres.password}"),
        connect_timeout=5,
    )
    with locker.cursor() as cursor:
        cursor.execute("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE")
    try:
        started = time.monotonic()
        search = instance.server.request(
            "POST", f"{API}/runs/search", "read", json={"experiment_ids": ["0"]}
        )
        assert time.monotonic() - started < 10
        assert search.status_code == 400
        assert search.json()["error_code"] == "INVALID_PARAMETER_VALUE"
        assert search.json()["message"].startswith(
            "The database ended this request because it took longer than a request may."
        )
        create = instance.server.request(
            "POST", f"{API}/runs/create", "edit", json={"experiment_id": "0"}
        )
        assert create.status_code == 503
        assert create.json()["message"].endswith("Nothing was written; try again")
        assert "SELECT" not in search.text + create.text and "INSERT" not in create.text
        # The backend is free again.
        # The audit writes a row of the request in some milliseconds; the table is still locked.
        running = (
            f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{ROLE}' AND state = 'active'"
        )
        deadline = time.monotonic() + 2
        while (active := instance.execute(running)) != [(0,)] and time.monotonic() < deadline:
            time.sleep(0.05)
        assert active == [(0,)]
    finally:
        locker.close()
    assert (
        instance.server.request(
            "POST", f"{API}/runs/create", "edit", json={"experiment_id": "0"}
        ).status_code
        == 200
    )


def test_nobody_notices_that_the_password_is_replaced(instance: Instance) -> None:
    """Eight clients that read and write, and the probe, for 12 s; the pool would give up each
    connection after 5 s.
    """
    failures: list[str] = []
    done = threading.Event()
    counts = [0] * 8

    def work(number: int) -> None:
        while not done.is_set():
            for path, role, body in (
                ("runs/search", "read", {"experiment_ids": ["0"], "max_results": 1}),
                ("runs/create", "edit", {"experiment_id": "0"}),
                ("registered-models/create", "edit", {"name": f"m{number}-{counts[number]}"}),
            ):
                answer = instance.server.request("POST", f"{API}/{path}", role, json=body)
                if answer.status_code != 200:
                    failures.append(f"{path}: {answer.status_code} {answer.text[:200]}")
            counts[number] += 1

    clients = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for client in clients:
        client.start()
    try:
        time.sleep(1)
        instance.execute(f"ALTER ROLE {ROLE} PASSWORD '{SECOND}'")
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            connect(instance.uri, connect_timeout=5)
        for _ in range(24):
            ready = instance.server.request("GET", "/health/ready", None)
            if ready.status_code != 200:
                failures.append(f"ready: {ready.status_code} {ready.text}")
            time.sleep(0.5)
    finally:
        done.set()
        for client in clients:
            client.join()
    assert failures == []
    assert min(counts) > 0
    log = instance.server.log.read_text()
    assert "the database accepts no new connection" in log
    assert FIRST not in log and SECOND not in log
    # And back: whoever puts the old one in place again finds everything as it was.
    instance.execute(f"ALTER ROLE {ROLE} PASSWORD '{FIRST}'")
    assert (
        instance.server.request(
            "POST", f"{API}/runs/search", "read", json={"experiment_ids": ["0"]}
        ).status_code
        == 200
    )


def test_connections_that_are_used_up_make_requests_wait_and_not_fail(instance: Instance) -> None:
    instance.execute(f"ALTER ROLE {ROLE} CONNECTION LIMIT 1")
    try:
        with ThreadPoolExecutor(8) as clients:
            body = {"experiment_ids": ["0"], "max_results": 1}

            def search(_: int) -> int:
                path = f"{API}/runs/search"
                return instance.server.request("POST", path, "read", json=body).status_code

            assert set(clients.map(search, range(40))) == {200}
        assert instance.server.request("GET", "/health/ready", None).status_code == 200
    finally:
        instance.execute(f"ALTER ROLE {ROLE} CONNECTION LIMIT 31")
