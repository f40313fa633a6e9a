"""Results of which one fits the memory of an answer and two do not: pages of one, on each paged route.

The server is told of so little memory that small data is giant; what it really takes is no matter
here (tests/hostile).
"""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from tests.conftest import role_tokens, server_environment
from tests.support.big_rows import Rows
from tests.support.hostile import MIB
from tests.support.postgres import Postgres
from tests.support.server import Server, write_tokens
from tests.support.store import ObjectStore

_API, _API3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
# Of tags of 2,000 characters, each counted with 14 KB, an answer may hold some 1,050.
_FITS, _TOO_MANY = 700, 1500
_TEXT = 1_500_000
_TRACES = [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "1"}}]


@dataclass(frozen=True)
class Search:
    method: str
    path: str
    # The list in the answer, and the way to a result's id in it.
    results: str
    key: tuple[str, ...]
    # Three that fit, and one that does not.
    fit: tuple[str, ...]
    giant: str
    arguments: dict[str, Any] = field(default_factory=dict)


SEARCHES = {
    "runs": Search(
        "POST",
        f"{_API}/runs/search",
        "runs",
        ("info", "run_id"),
        ("1r3", "1r2", "1r1"),
        "2r1",
        {"experiment_ids": ["1", "2"]},
    ),
    "experiments": Search(
        "GET",
        f"{_API}/experiments/search",
        "experiments",
        ("experiment_id",),
        ("3", "2", "1"),
        "4",
        {"order_by": "experiment_id DESC", "filter": "name LIKE 'big%'"},
    ),
    "logged models": Search(
        "POST",
        f"{_API}/logged-models/search",
        "models",
        ("info", "model_id"),
        ("l3", "l2", "l1"),
        "l4",
        {"experiment_ids": ["1"]},
    ),
    "traces": Search(
        "POST",
        f"{_API3}/traces/search",
        "traces",
        ("trace_id",),
        ("t3", "t2", "t1"),
        "big1",
        {"locations": _TRACES},
    ),
    "registered models": Search(
        "GET",
        f"{_API}/registered-models/search",
        "registered_models",
        ("name",),
        ("m1", "m2", "m3"),
        "m4",
    ),
    "model versions": Search(
        "GET",
        f"{_API}/model-versions/search",
        "model_versions",
        ("version",),
        ("3", "2", "1"),
        "4",
        {"order_by": "version_number DESC", "filter": "name = 'm1'"},
    ),
    "records": Search(
        "GET",
        f"{_API3}/datasets/d1/records",
        "records",
        ("dataset_record_id",),
        ("r1", "r2", "r3"),
        "r4",
    ),
}


@pytest.fixture(scope="module")
def rows(postgres: Postgres, migrated_template: str) -> Iterator[Rows]:
    uri = postgres.create_database("giant-results", make_url(migrated_template).database or "")
    with closing(Rows(uri)) as rows:
        rows.uri = uri  # type: ignore[attr-defined]
        for number in (1, 2, 3, 4):
            rows.experiment(number)
        rows.runs(1, 3, 0, 0, _FITS, 2000)
        rows.registry(3, 3)
        rows.logged_models(1, 3)
        rows.traces(1, 3, 0, 0)
        rows.dataset(1, 0, 0)
        _tags(rows, "experiment_tags (experiment_id, key, value)", "i", _FITS)
        _tags(
            rows,
            "logged_model_tags (model_id, experiment_id, tag_key, tag_value)",
            "'l' || i, 1",
            _FITS,
        )
        _tags(rows, "trace_tags (request_id, key, value)", "'t' || i", _FITS)
        # With the first one come the tags of its latest version.
        _tags(
            rows,
            "registered_model_tags (workspace, name, key, value)",
            "'default', 'm' || i",
            200,
            1,
            1,
        )
        _tags(
            rows,
            "registered_model_tags (workspace, name, key, value)",
            "'default', 'm' || i",
            _FITS,
            2,
        )
        _tags(
            rows,
            "model_version_tags (workspace, name, version, key, value)",
            "'default', 'm1', i",
            _FITS,
        )
        _record(rows, 1, 3, _TEXT)
        yield rows


def _tags(rows: Rows, table: str, key: str, count: int, first: int = 1, last: int = 3) -> None:
    rows.run(
        f"INSERT INTO {table} SELECT {key}, 'big' || k, repeat('v', 2000) "
        f"FROM generate_series({first}, {last}) AS i, generate_series(1, {count}) AS k"
    )


def _record(rows: Rows, first: int, last: int, length: int) -> None:
    rows.run(
        "INSERT INTO evaluation_dataset_records (dataset_record_id, dataset_id, inputs, created_time, last_update_time, input_hash) "
        f"SELECT 'r' || i, 'd1', json_build_object('a', repeat('v', {length})), i, i, 'h' || i FROM generate_series({first}, {last}) AS i"
    )


@pytest.fixture(scope="module")
def server(
    rows: Rows, object_store: ObjectStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("giant-results")
    write_tokens(folder / "tokens.json", role_tokens())
    settings = {
        **server_environment(rows.uri, object_store.url),  # type: ignore[attr-defined]
        "MLFLOW_INSTANCE_MEMORY_LIMIT": str(256 * MIB),
        "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE": "3",
        "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW": "3",
    }
    server = Server(settings, folder / "log", folder / "tokens.json")
    server.start()
    yield server
    assert server.stop() == 0


def _page(server: Server, search: Search, asked: int, token: str | None) -> Any:
    arguments = {
        **search.arguments,
        "max_results": asked,
        **({"page_token": token} if token else {}),
    }
    way = {"params": arguments} if search.method == "GET" else {"json": arguments}
    return server.request(search.method, search.path, "read", **way)


def _found(server: Server, search: Search, asked: int, pages: int) -> list[str]:
    found: list[str] = []
    token: str | None = None
    for _ in range(pages):
        answer = _page(server, search, asked, token)
        assert answer.status_code == 200, answer.text[:300]
        results = answer.json().get(search.results, [])
        # Records are a text within the answer.
        for result in json.loads(results) if isinstance(results, str) else results:
            for name in search.key:
                result = result[name]
            found.append(result)
        token = answer.json().get("next_page_token")
        if not token:
            break
    assert token is None or token == ""
    return found


@pytest.mark.parametrize("asked", [1, 2, 500])
@pytest.mark.parametrize("name", SEARCHES)
def test_pages_of_one_are_followed_to_the_end(server: Server, name: str, asked: int) -> None:
    search = SEARCHES[name]
    found = _found(server, search, asked, 8)
    assert [one for one in found if one in search.fit] == list(search.fit)
    # The fourth experiment has no tags yet, and no more is there.
    assert len(found) == len(set(found)) <= 4


def test_one_that_is_too_large_alone_is_named(server: Server, rows: Rows) -> None:
    """After the others: from now on the first page of each search is an error."""
    rows.runs(2, 1, 0, 0, _TOO_MANY, 2000)
    _tags(rows, "experiment_tags (experiment_id, key, value)", "i", _TOO_MANY, 4, 4)
    rows.run("UPDATE runs SET start_time = 100 WHERE run_uuid = '2r1'")
    rows.run(
        'INSERT INTO logged_models SELECT (jsonb_populate_record(l, \'{"model_id": "l4", "creation_timestamp_ms": 9}\')).* '
        "FROM logged_models AS l WHERE model_id = 'l1'"
    )
    _tags(
        rows,
        "logged_model_tags (model_id, experiment_id, tag_key, tag_value)",
        "'l' || i, 1",
        _TOO_MANY,
        4,
        4,
    )
    rows.traces(1, 1, 0, 0, "big")
    rows.run("UPDATE trace_info SET timestamp_ms = 9 WHERE request_id = 'big1'")
    _tags(rows, "trace_tags (request_id, key, value)", "'big' || i", _TOO_MANY, 1, 1)
    rows.run(
        "INSERT INTO registered_models (workspace, name, creation_time, last_updated_time) VALUES ('default', 'm4', 1, 1)"
    )
    _tags(
        rows,
        "registered_model_tags (workspace, name, key, value)",
        "'default', 'm' || i",
        _TOO_MANY,
        4,
        4,
    )
    rows.run(
        "INSERT INTO model_versions SELECT (jsonb_populate_record(v, '{\"version\": 4}')).* FROM model_versions AS v WHERE version = 1"
    )
    _tags(
        rows,
        "model_version_tags (workspace, name, version, key, value)",
        "'default', 'm1', i",
        _TOO_MANY,
        4,
        4,
    )
    _record(rows, 4, 4, 2 * _TEXT)
    for name, search in SEARCHES.items():
        at = {"registered models": {"filter": "name = 'm4'"}}.get(name, {})
        token = None
        if name == "records":
            for _ in range(3):
                token = _page(server, search, 500, token).json()["next_page_token"]
        one = Search(**{**search.__dict__, "arguments": {**search.arguments, **at}})
        for asked in (1, 500):
            answer = _page(server, one, asked, token)
            assert answer.status_code == 413, (name, answer.text[:200])
            message = answer.json()["message"]
            assert search.giant in message.split("'")[1].split(", "), (name, message)
