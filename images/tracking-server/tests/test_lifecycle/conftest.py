"""The unmodified MLflow client against the server, with nothing set but the address and a token.

It runs on the set of packages that the image holds, so it is also the test that the set suffices:
no request may end in a 500, and test_without_errors.py reads that in the log of the whole folder.
"""

from collections.abc import Iterator

import pytest

from tests.support.client import client_of
from tests.support.server import Server, token_of


@pytest.fixture(autouse=True)
def client_settings(server: Server) -> Iterator[None]:
    with client_of(server, "edit"):
        yield


@pytest.fixture
def as_role(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    return lambda role: monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", token_of(role))


@pytest.fixture(scope="package", autouse=True)
def begun_at(server: Server) -> int:
    """Where the log of this folder begins: other tests ask the same server for errors."""
    return len(server.log.read_text())
