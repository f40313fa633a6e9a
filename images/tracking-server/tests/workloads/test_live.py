"""Job tokens on the running server with two workers: the unmodified client, the CI link, and what forgers try."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.issuer import AUDIENCE, IssuerServer, claims, rsa, signed
from tests.support.processes import new_server
from tests.support.server import Server, token_of
from tests.support.store import ObjectStore

KEY = rsa("k1")
OF_JOB = {
    "job_id": "77",
    "pipeline_id": "7",
    "sha": "abc123",
    "ref": "main",
    "merge_request_iid": 5,
    "user_login": "mia",
}


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IssuerServer]:
    server = IssuerServer(tmp_path_factory.mktemp("issuer"))
    server.publish(KEY)
    yield server
    server.close()


def declare(file: Path, issuer: IssuerServer, *workloads: dict[str, Any]) -> None:
    document = {
        "version": 1,
        "audience": AUDIENCE,
        "issuers": {"gitlab": {"url": issuer.url, "ci": "gitlab"}},
        "workloads": list(workloads),
    }
    new = file.with_suffix(".new")
    new.write_text(json.dumps(document))
    new.replace(file)


TRAINING = {
    "name": "training",
    "issuer": "gitlab",
    "role": "edit",
    "match": {"project_path": "fraud/train", "ref_protected": "true"},
}


@pytest.fixture(scope="module")
def server(
    migrated_uri: str,
    object_store: ObjectStore,
    issuer: IssuerServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    declare(folder / "workloads.json", issuer, TRAINING)
    files = {
        "MLFLOW_INSTANCE_WORKLOADS_FILE": str(folder / "workloads.json"),
        "MLFLOW_INSTANCE_ISSUERS_CA_FILE": str(issuer.ca_file),
    }
    server = new_server(migrated_uri, object_store, folder, 2, **files)
    server.start()
    yield server
    assert server.stop() == 0


def post(server: Server, path: str, token: str, method: str = "POST", **body: Any) -> Any:
    answer = requests.request(
        method,
        f"{server.url}/api/2.0/mlflow/{path}",
        json=body,
        headers={"authorization": f"Bearer {token}"},
        timeout=60,
    )
    return answer.status_code, answer.json() if answer.content[:1] == b"{" else answer.text


def run_of(server: Server, token: str, **more: Any) -> dict[str, str]:
    status, answer = post(server, "runs/create", token, experiment_id="0", **more)
    assert status == 200, answer
    return tags_of(answer["run"]["data"]) | {"run_id": answer["run"]["info"]["run_id"]}


def tags_of(data: dict[str, Any]) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in data.get("tags", [])}


def verified(tags: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if key.startswith("verified.")}


def stamp(issuer: IssuerServer) -> dict[str, str]:
    project = f"{issuer.url}/fraud/train/-"
    return {
        "verified.workload": "training",
        "verified.issuer": "gitlab",
        "verified.job": f"{project}/jobs/77",
        "verified.pipeline": f"{project}/pipelines/7",
        "verified.commit": "abc123",
        "verified.ref": "main",
        "verified.merge_request": f"{project}/merge_requests/5",
        "verified.user": "mia",
        "verified.project": "fraud/train",
    }


def test_the_keys_are_fetched_before_the_first_token(issuer: IssuerServer, server: Server) -> None:
    deadline = time.monotonic() + 20
    # Of both workers; no test before this one has sent a token.
    while issuer.asked.count("/keys") < 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert "workload:" not in server.log.read_text()


def test_what_a_job_creates_says_which_job_it_was(server: Server, issuer: IssuerServer) -> None:
    job = signed(KEY, claims(issuer.url, **OF_JOB))
    run = run_of(
        server, job, tags=[{"key": "verified.user", "value": "root"}, {"key": "a", "value": "b"}]
    )
    assert verified(run) == stamp(issuer) and run["a"] == "b"
    link = f"[CI job]({issuer.url}/fraud/train/-/jobs/77)"
    assert run["mlflow.note.content"] == link
    told = run_of(server, job, tags=[{"key": "mlflow.note.content", "value": "mine"}])
    assert told["mlflow.note.content"] == "mine"
    status, model = post(server, "logged-models", job, experiment_id="0", name="m")
    assert status == 200 and verified(tags_of(model["model"]["info"])) == stamp(issuer)
    editor = token_of("edit")
    post(server, "registered-models/create", editor, name="stamped")
    source = {"name": "stamped", "source": f"runs:/{run['run_id']}/m", "run_id": run["run_id"]}
    status, version = post(server, "model-versions/create", job, **source)
    assert status == 200 and verified(tags_of(version["model_version"])) == stamp(issuer)
    assert version["model_version"]["description"] == link
    # The client's copy of a version brings its tags along: what a person makes has none of them.
    copied = [{"key": key, "value": value} for key, value in stamp(issuer).items()]
    status, version = post(server, "model-versions/create", editor, **source, tags=copied)
    assert status == 200 and verified(tags_of(version["model_version"])) == {}
    log = server.log.read_text()
    assert "200 token=workload:training route=run" in log and job not in log


@pytest.mark.parametrize("who", ["edit", "manage", "admin", "job"])
def test_nobody_writes_or_removes_the_ci_link(
    server: Server, issuer: IssuerServer, who: str
) -> None:
    job = signed(KEY, claims(issuer.url, **OF_JOB))
    token = job if who == "job" else token_of(who)
    run = run_of(server, job)["run_id"]
    _, model = post(server, "logged-models", job, experiment_id="0", name="m")
    model_id = model["model"]["info"]["model_id"]
    name = f"forged-{who}"
    assert post(server, "registered-models/create", token, name=name)[0] == 200
    source = {"name": name, "source": f"runs:/{run}/m", "run_id": run}
    assert post(server, "model-versions/create", job, **source)[0] == 200
    forged = {"key": "verified.user", "value": "root"}
    version = {"name": name, "version": "1"}
    attempts = [
        ("runs/set-tag", "POST", {"run_id": run, **forged}),
        ("runs/delete-tag", "POST", {"run_id": run, "key": "verified.user"}),
        ("runs/log-batch", "POST", {"run_id": run, "tags": [forged]}),
        (f"logged-models/{model_id}/tags", "PATCH", {"tags": [forged]}),
        (f"logged-models/{model_id}/tags/verified.user", "DELETE", {}),
        ("model-versions/set-tag", "POST", {**version, **forged}),
        ("model-versions/delete-tag", "DELETE", {**version, "key": "verified.user"}),
        ("experiments/set-experiment-tag", "POST", {"experiment_id": "0", **forged}),
        ("registered-models/set-tag", "POST", {"name": name, **forged}),
    ]
    for path, method, body in attempts:
        status, answer = post(server, path, token, method, **body)
        # Deleting a tag of a model is above the role of an editor.
        assert status in (400, 403), (path, answer)
        assert status == 400 or method == "DELETE", (path, answer)
    answer = requests.get(
        f"{server.url}/api/2.0/mlflow/runs/get?run_id={run}",
        headers={"authorization": f"Bearer {token}"},
        timeout=60,
    )
    assert verified(tags_of(answer.json()["run"]["data"])) == stamp(issuer)


@pytest.mark.parametrize(
    ("word", "more"),
    [
        ("wrong-audience", {"aud": "https://other.example"}),
        ("expired", {"exp": int(time.time()) - 100_000}),
        ("not-yet-valid", {"nbf": int(time.time()) + 100_000}),
        ("unknown-issuer", {"iss": "https://evil.example"}),
        ("no-workload:gitlab", {"project_path": "other/project"}),
        ("no-workload:gitlab", {"ref_protected": "false"}),
    ],
)
def test_bad_job_tokens_get_the_answer_of_everybody(
    server: Server, issuer: IssuerServer, word: str, more: dict[str, Any]
) -> None:
    bad = signed(KEY, claims(issuer.url, **more))
    answer = server.request("GET", "/version", None, headers={"Authorization": f"Bearer {bad}"})
    unknown = server.request("GET", "/version", None, headers={"Authorization": "Bearer x"})
    of = [
        (one.status_code, one.content, one.headers["www-authenticate"]) for one in (answer, unknown)
    ]
    assert of[0] == of[1] and of[0][0] == 401
    time.sleep(0.1)
    assert f"refused={word} " in server.log.read_text()


def test_a_job_has_the_role_of_its_workload(server: Server, issuer: IssuerServer) -> None:
    job = signed(KEY, claims(issuer.url, **OF_JOB))
    run = run_of(server, job)["run_id"]
    assert post(server, "runs/delete", job, run_id=run)[0] == 403
    declare(server.tokens.parent / "workloads.json", issuer, {**TRAINING, "role": "manage"})
    time.sleep(2)
    assert post(server, "runs/delete", job, run_id=run)[0] == 200
    declare(server.tokens.parent / "workloads.json", issuer)
    time.sleep(2)
    assert post(server, "runs/create", job, experiment_id="0")[0] == 401
    declare(server.tokens.parent / "workloads.json", issuer, TRAINING)
    time.sleep(2)
    assert post(server, "runs/create", job, experiment_id="0")[0] == 200
