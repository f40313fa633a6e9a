"""Servers that write down which modules are looked for after they have started (recorder/sitecustomize.py)."""

import os
import sys
import sysconfig
from pathlib import Path

_RECORDER = Path(__file__).parent / "recorder"
_SITE = Path(sysconfig.get_path("purelib"))


def recording(file: Path) -> dict[str, str]:
    """The variables of a server that records into the file."""
    return {
        "PYTHONPATH": f"{_RECORDER}:{os.environ['PYTHONPATH']}",
        "MLFLOW_INSTANCE_TEST_LATE_IMPORTS": str(file),
    }


def late_imports(file: Path) -> list[str]:
    """`<module> <file:line>` of what was imported during requests. A package that the image does not hold is not."""
    lines = sorted(set(file.read_text().splitlines())) if file.exists() else []
    return [line for line in lines if _exists(line.partition(".")[0].partition(" ")[0])]


def _exists(package: str) -> bool:
    # install.sh makes an empty folder named databricks.
    files = (_SITE / f"{package}.py", _SITE / package / "__init__.py")
    return package in (*sys.stdlib_module_names, "mlflow_instance") or any(
        file.exists() for file in files
    )
