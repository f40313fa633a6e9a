"""Each role can do what it is for; who has no token, or asks for what is off, is told so."""

import mlflow
import pytest
import requests
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from tests.support.server import Server


def test_roles_through_the_client(as_role) -> None:  # type: ignore[no-untyped-def]
    experiment = mlflow.set_experiment("roles").experiment_id
    client = MlflowClient()
    run = client.create_run(experiment).info.run_id
    as_role("read")
    assert client.get_run(run).info.run_id == run
    for write in (
        lambda: client.log_param(run, "a", 1),
        lambda: client.create_experiment("x"),
        lambda: client.delete_run(run),
    ):
        with pytest.raises(MlflowException, match="403"):
            write()
    as_role("edit")
    client.log_param(run, "a", 1)
    with pytest.raises(MlflowException, match="403"):
        client.delete_run(run)
    as_role("manage")
    client.delete_run(run)
    client.restore_run(run)
    with pytest.raises(MlflowException, match="403"):
        client.create_webhook("w", "https://hook.example/x", ["registered_model.created"])
    as_role("unknown")
    with pytest.raises(MlflowException, match="401"):
        client.get_run(run)


def test_webhooks_are_the_administrators(server: Server) -> None:
    body = {
        "name": "w",
        "url": "https://hook.invalid/key",
        "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}],
    }
    assert (
        server.request("POST", "/api/2.0/mlflow/webhooks", "manage", json=body).status_code == 403
    )
    assert server.request("GET", "/api/2.0/mlflow/webhooks", "manage").status_code == 403
    assert server.request("GET", "/api/2.0/mlflow/webhooks", "admin").status_code == 200
    # MLflow resolves the host before it stores a webhook, and this one has none: the request came
    # as far as that.
    created = server.request("POST", "/api/2.0/mlflow/webhooks", "admin", json=body)
    assert created.status_code == 400 and "hook.invalid" in created.text


def test_the_gateway_is_off_unless_it_is_asked_for(server: Server) -> None:
    assert (
        server.request("GET", "/api/3.0/mlflow/server-info", "read").json()["features_enabled"][
            "gateway"
        ]
        is False
    )
    created = server.request(
        "POST",
        "/api/3.0/mlflow/gateway/secrets/create",
        "admin",
        json={"secret_name": "s", "secret_value": {"api_key": "k"}, "provider": "openai"},
    )
    assert created.status_code == 501
    assert server.request(
        "POST", "/gateway/x/mlflow/invocations", "admin", json={"messages": []}
    ).status_code in (404, 501)


def test_unauthenticated_clients_get_a_clear_error(server: Server) -> None:
    answer = requests.get(
        f"{server.url}/api/2.0/mlflow/experiments/get?experiment_id=0", timeout=30
    )
    assert (answer.status_code, answer.text) == (401, "A valid access token is needed.")
    assert answer.headers["WWW-Authenticate"].startswith('Basic realm="mlflow unit"')
