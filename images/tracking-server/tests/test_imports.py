"""What requests need is imported and opened before the first one, whichever comes first and however many at once."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import role_tokens, server_environment
from tests.support.late_imports import late_imports, recording
from tests.support.mlflow_routes import all_routes
from tests.support.postgres import Postgres
from tests.support.server import Server, run, write_tokens
from tests.support.store import ObjectStore

_AT_ONCE = 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("imports")


@pytest.fixture(scope="module")
def fresh(postgres: Postgres, object_store: ObjectStore, folder: Path) -> Iterator[Server]:
    """A server that has answered nothing yet, with a database of its own: every route is tried with all rights here."""
    uri = postgres.create_database("imports")
    assert run("mlflow-instance-migrate", {"MLFLOW_BACKEND_STORE_URI": uri}).returncode == 0
    write_tokens(folder / "tokens.json", role_tokens())
    server = Server(
        {**server_environment(uri, object_store.url), **recording(folder / "late")},
        folder / "log",
        folder / "tokens.json",
    )
    server.start()
    yield server
    assert server.stop() == 0


_FIRST_REQUESTS = {
    "searches of runs": ("POST", "/api/2.0/mlflow/runs/search", {"experiment_ids": ["0"]}),
    "GraphQL queries": (
        "POST",
        "/graphql",
        {
            "query": 'query { mlflowSearchRuns(input: {experimentIds: ["0"]}) { runs { info { runId } } } }'
        },
    ),
    "listings of artifacts": ("GET", "/api/2.0/mlflow-artifacts/artifacts", None),
}


@pytest.mark.parametrize("kind", _FIRST_REQUESTS)
def test_the_first_requests_of_a_kind_at_once(fresh: Server, folder: Path, kind: str) -> None:
    method, path, body = _FIRST_REQUESTS[kind]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = list(
            pool.map(lambda _: fresh.request(method, path, "read", json=body), range(_AT_ONCE))
        )
    assert [(one.status_code, one.text[:200]) for one in answers if one.status_code != 200] == []
    assert late_imports(folder / "late") == []


def test_no_route_imports_anything_during_a_request(fresh: Server, folder: Path) -> None:
    """Every route, with all rights and an empty body: most end in an error of the arguments, after the handler's imports."""

    def answer(route: tuple[str, str]) -> int:
        return fresh.request(
            *route, "admin", json=None if route[0] == "GET" else {}, timeout=120
        ).status_code

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        statuses = list(pool.map(answer, all_routes()))
    assert statuses.count(200) > 40
    assert late_imports(folder / "late") == []
    # The recorder is there: a package that the image does not hold is still looked for.
    assert "IPython" in (folder / "late").read_text()


def test_basic_auth_is_not_imported_and_not_looked_for() -> None:
    """With the modules of a process that has built the application."""
    program = (
        "import sys\n"
        "from mlflow_instance.imports import import_for_requests\n"
        "import_for_requests()\n"
        "try:\n"
        "    from mlflow.server import auth\n"
        "except ImportError:\n"
        "    print(sys.modules['mlflow.server.auth'], [one for one in sys.modules if one.startswith('mlflow.server.auth.')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, timeout=120
    )
    assert done.stdout == "None []\n", done.stderr


def test_what_the_server_imports_is_compiled_in_the_image() -> None:
    """A module that is not is compiled anew in each start, and one whose import fails in each request that tries."""
    program = (
        "import os, sys\n"
        "from mlflow_instance.imports import import_for_requests\n"
        "os.environ['MLFLOW_SERVER_ENABLE_JOB_EXECUTION'] = 'false'\n"
        "import mlflow.server.fastapi_app\n"
        "import_for_requests()\n"
        "site = sys.prefix + os.sep\n"
        "for module in list(sys.modules.values()):\n"
        "    spec = getattr(module, '__spec__', None)\n"
        "    file = getattr(spec, 'origin', None) or ''\n"
        "    if file.startswith(site) and file.endswith('.py'):\n"
        "        with open(spec.cached, 'rb') as code:\n"
        # Flag 1: taken as it is. What another program has compiled meanwhile has the flag 0.
        "            assert code.read(8)[4] == 1, file\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
