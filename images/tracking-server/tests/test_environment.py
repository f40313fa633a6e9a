"""What is in the environment that the image holds: exactly the list, and nothing to build or install with."""

import re
import sys
from importlib.metadata import distributions
from pathlib import Path

_FOLDER = Path(__file__).parent.parent
_SITE = next(
    Path(entry)
    for entry in sys.path
    if entry.endswith("site-packages") and entry.startswith(sys.prefix)
)


def pinned() -> dict[str, str]:
    text = (_FOLDER / "requirements.txt").read_text()
    return {
        normalised(name): version
        for name, version in re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", text, re.MULTILINE)
    }


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_requirement_has_hashes() -> None:
    for file in ("requirements.txt", "requirements-build.txt", "requirements-test.txt"):
        entries = re.split(r"^(?=[A-Za-z0-9])", (_FOLDER / file).read_text(), flags=re.MULTILINE)
        named = [entry for entry in entries if "==" in entry.split("\n")[0]]
        assert len(named) > 0
        assert [entry.split(" ")[0] for entry in named if "--hash=sha256:" not in entry] == []


def test_the_installed_set_is_the_list_and_our_package() -> None:
    installed = {
        normalised(one.metadata["Name"]): one.version for one in distributions(path=[str(_SITE)])
    }
    ours = installed.pop("mlflow-instance")
    assert ours
    assert installed == pinned()
    assert installed["mlflow"] == "3.17.2"


def test_nothing_to_install_or_test_with_is_left() -> None:
    left = {path.name for path in _SITE.iterdir()} & {
        "pip",
        "setuptools",
        "pkg_resources",
        "wheel",
        "pytest",
        "moto",
    }
    assert left == set()
    assert not [
        path.name
        for path in (Path(sys.prefix) / "bin").iterdir()
        if path.name.startswith(("pip", "activate"))
    ]
    for pattern in ("*.pyx", "*.h", "*.c", "*.map"):
        assert not list(_SITE.rglob(pattern))


def test_it_is_small() -> None:
    """895 MB is what `pip install mlflow psycopg2-binary boto3` takes."""
    size = sum(path.lstat().st_size for path in Path(sys.prefix).rglob("*") if path.is_file())
    assert size < 280e6, f"{size / 1e6:.0f} MB"


def test_byte_code_is_there_for_what_a_start_imports_and_needs_no_check() -> None:
    compiled = (
        _SITE / "mlflow" / "server" / "__pycache__" / f"handlers.{sys.implementation.cache_tag}.pyc"
    )
    # PEP 552: flags 1 = a hash of the source instead of its time, not compared on import.
    assert int.from_bytes(compiled.read_bytes()[4:8], "little") == 1
    assert not (
        _SITE
        / "mlflow"
        / "projects"
        / "__pycache__"
        / f"kubernetes.{sys.implementation.cache_tag}.pyc"
    ).exists()
