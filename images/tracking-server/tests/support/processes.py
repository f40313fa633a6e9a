"""Servers of several processes."""

from pathlib import Path

from tests.conftest import role_tokens, server_environment
from tests.support.server import Server, write_tokens
from tests.support.store import ObjectStore


def children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(one) for one in text.split()]


def new_server(uri: str, store: ObjectStore, folder: Path, workers: int, **more: str) -> Server:
    write_tokens(folder / "tokens.json", role_tokens())
    environment = {
        **server_environment(uri, store.url),
        "MLFLOW_INSTANCE_WORKERS": str(workers),
        **more,
    }
    return Server(environment, folder / "log", folder / "tokens.json")


def proportional_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no Pss line")
