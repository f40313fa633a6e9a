"""A request that reads gets a minute for all of its statements."""

import flask
import pytest
from mlflow.exceptions import MlflowException

from mlflow_instance import ended_statements
from mlflow_instance.ended_statements import READ_WITHIN_SECONDS, _refuse_late


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(ended_statements.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize(
    ("path", "ended"),
    [
        ("/graphql", True),
        ("/api/2.0/mlflow/runs/search", True),
        ("/api/2.0/mlflow/runs/create", False),
    ],
)
def test_statements_after_a_minute_are_refused_to_what_reads(
    clock: list[float], path: str, ended: bool
) -> None:
    with flask.Flask("unit").test_request_context(path, method="POST"):
        _refuse_late()
        clock[0] = READ_WITHIN_SECONDS
        _refuse_late()
        clock[0] += 0.1
        if ended:
            with pytest.raises(MlflowException, match="took longer than a request may") as error:
                _refuse_late()
            assert error.value.get_http_status_code() == 400
        else:
            _refuse_late()
    # The next request begins anew.
    with flask.Flask("unit").test_request_context(path, method="POST"):
        _refuse_late()


def test_what_is_no_request_is_not_bounded(clock: list[float]) -> None:
    clock[0] = 1_000
    _refuse_late()
