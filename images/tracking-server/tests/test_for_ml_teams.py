"""The Python of docs/for-ml-teams.md, as a team copies it: in order, with the unmodified client and a token alone."""

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import mlflow

from tests.support.client import client_of
from tests.support.server import Server, process_environment, token_of

_PAGE = Path(__file__).parents[3] / "docs" / "for-ml-teams.md"


def blocks() -> list[str]:
    """Without the section on frameworks: they are not installed here, the engine's tests run it."""
    lines = re.DOTALL | re.MULTILINE
    text = re.sub(r"^## Frameworks\n.*?^(?=## )", "", _PAGE.read_text(), flags=lines)
    found = re.findall(r"^ *```python\n(.*?)^ *```$", text, lines)
    return [textwrap.dedent(block) for block in found]


def test_the_page_runs_as_it_stands(server: Server) -> None:
    assert len(blocks()) == 3
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(blocks())],
        env=process_environment(
            {"MLFLOW_TRACKING_URI": server.url, "MLFLOW_TRACKING_TOKEN": token_of("edit")}
        ),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("[False, True]")
    with client_of(server, "read"):
        (run,) = mlflow.search_runs(
            experiment_names=["first steps"],
            filter_string="metrics.loss = 0.25",
            output_format="list",
        )
        assert mlflow.artifacts.load_text(f"{run.info.artifact_uri}/notes.txt") == "it works"
        version = mlflow.MlflowClient().get_model_version_by_alias("fraud", "champion")
        assert mlflow.get_run(version.run_id).data.tags["keep"] == "audit 2027"
