"""What is told of a job, by its CI."""

from mlflow_instance.workloads.ci_claims import told_claims
from mlflow_instance.workloads.declared import Issuer

GITHUB = Issuer("github", "https://token.actions.githubusercontent.com", "a", ci="github")


def test_github() -> None:
    claims = {
        "repository": "example/fraud",
        "run_id": "9",
        "run_attempt": "2",
        "sha": "abc",
        "ref": "refs/pull/5/merge",
        "actor": "mia",
    }
    assert told_claims(GITHUB, claims) == {
        "issuer": "github",
        "job": "https://github.com/example/fraud/actions/runs/9/attempts/2",
        "pipeline": "https://github.com/example/fraud/actions/runs/9",
        "commit": "abc",
        "ref": "refs/pull/5/merge",
        "merge_request": "https://github.com/example/fraud/pull/5",
        "user": "mia",
        "project": "example/fraud",
    }


def test_a_github_of_ones_own() -> None:
    own = Issuer("own", "https://github.example.com/_services/token", "a", ci="github")
    told = told_claims(own, {"repository": "a/b", "run_id": "1"})
    assert told["pipeline"] == "https://github.example.com/a/b/actions/runs/1"


def test_a_pod() -> None:
    cluster = Issuer("kubernetes", "https://kubernetes.default.svc", "a", cluster=True)
    claims = {
        "sub": "system:serviceaccount:serving:scorer",
        "kubernetes.io": {"pod": {"name": "scorer-1"}},
    }
    assert told_claims(cluster, claims) == {
        "issuer": "kubernetes",
        "project": "serving/scorer",
        "job": "scorer-1",
    }
    for odd in ({"kubernetes.io": []}, {"kubernetes.io": {"pod": []}}, {"sub": ["x"]}):
        assert told_claims(cluster, odd)["issuer"] == "kubernetes"


def test_values_are_bounded_and_on_one_line() -> None:
    gitlab = Issuer("gitlab", "https://gitlab.example.com", "a", ci="gitlab")
    told = told_claims(
        gitlab,
        {
            "project_path": "a/b) [x](https://evil.example",
            "job_id": "1) [x](y",
            "ref": "r" * 1000,
            "sha": "a\nb",
            "user_login": {"a": 1},
        },
    )
    assert told["job"] == (
        "https://gitlab.example.com/a/b%29%20%5Bx%5D%28https%3A//evil.example"
        "/-/jobs/1%29%20%5Bx%5D%28y"
    )
    assert len(told["ref"]) == 500 and "commit" not in told and "user" not in told
