"""Files of every name go up, are listed and come down under that name, through the unmodified client."""

import os
import sys
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mlflow
import pytest

from mlflow_instance.fence import is_clean
from tests.support.client import client_of
from tests.support.server import Server

# Not here: `#`, `?`, `%41` and a leading space. MLflow's own client does not quote them in the
# address of an upload, or cuts them off in a listing, so that the server never sees the name. One
# file system name is 255 bytes at most.
_LONG = "x" * 251 + ".txt"
_NAMES = [
    "a\u00a0b.txt",
    "a\u202fb.txt",
    "a\u3000b.txt",
    "👩\u200d🔬.txt",
    "\u0645\u06cc\u200c\u062e.txt",
    "rapport\u00e9.txt",
    "rapporte\u0301.txt",
    "100%.txt",
    "a+b.txt",
    "a;b.txt",
    "a&b=c.txt",
    "a'b.txt",
    'a"b.txt',
    "a<b>.txt",
    "a|b.txt",
    "a:b.txt",
    "a*b.txt",
    "a,b.txt",
    "a@b!.txt",
    "~a.txt",
    "trailing.txt ",
    "...",
    "..a",
    "a..b",
    ".hidden",
    "-rf",
    "モデル.bin",
    "CON",
    _LONG,
    "\u00a0",
    "a\u00adb.txt",
    "a\ufeffb.txt",
    "\ue000.txt",
]
_REFUSED = ["a\nb", "a\x1bb", "a\x7fb", "a\x9bb", "a\u2028b", "a\u202eb", "a\u2066b", "a\uffffb"]


def of_every_category() -> list[str]:
    """Three characters of each category: the first, the last of the basic plane, the last of all."""
    found: dict[str, list[int]] = {}
    for code in range(sys.maxunicode + 1):
        if is_clean(f"/{chr(code)}") and chr(code) not in "/\\.":
            found.setdefault(unicodedata.category(chr(code)), []).append(code)
    chosen = set()
    for codes in found.values():
        basic = [code for code in codes if code < 0x10000] or codes
        chosen |= {codes[0], basic[-1], codes[-1]}
    assert set(found) == {unicodedata.category(chr(code)) for code in range(0x30000)} - {
        "Cc",
        "Cs",
        "Zl",
        "Zp",
    }
    return [f"u{code:x}-{chr(code)}-.txt" for code in sorted(chosen)]


@pytest.fixture(autouse=True)
def client(server: Server) -> Iterator[None]:
    with client_of(server, "edit", MLFLOW_HTTP_REQUEST_MAX_RETRIES="1"):
        yield


def test_names_of_files_and_folders(server: Server, tmp_path: Path) -> None:
    names = [*_NAMES, *of_every_category()]
    folder = tmp_path / "logged"
    folder.mkdir()
    for number, name in enumerate(names):
        (folder / name).write_text(str(number))
        if name.strip(". "):
            inner = folder / f"in-{name[:80]}"
            inner.mkdir()
            (inner / "file.txt").write_text(f"in {number}")
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(folder), "all")
    client = mlflow.MlflowClient()
    listed = {item.path for item in client.list_artifacts(run.info.run_id, "all")}
    assert listed == {f"all/{name}" for name in os.listdir(folder)}
    fetched = Path(client.download_artifacts(run.info.run_id, "all", str(tmp_path)))
    for number, name in enumerate(names):
        assert (fetched / name).read_text() == str(number), name
        if name.strip(". "):
            assert (fetched / f"in-{name[:80]}" / "file.txt").read_text() == f"in {number}", name
    assert len(names) > 90

    def through_the_ui(name: str) -> bytes:
        known = {"run_uuid": run.info.run_id, "path": f"all/{name}"}
        return server.request("GET", "/get-artifact", "read", params=known).content

    with ThreadPoolExecutor(4) as pool:
        contents = list(pool.map(through_the_ui, names))
    assert contents == [str(number).encode() for number in range(len(names))]


@pytest.mark.parametrize("name", _REFUSED)
def test_names_that_are_refused(server: Server, name: str) -> None:
    from urllib.parse import quote

    path = f"/api/2.0/mlflow-artifacts/artifacts/0/{quote(name)}"
    assert server.request("PUT", path, "edit", data=b"x").status_code == 400
    assert server.request("GET", path, "read").status_code == 400
