"""The two steps that fill the image, run by the base image's own Python: in the Containerfile, and by local/images in a Debian root.

install.py dependencies   requirements.txt -> the virtual environment /opt/mlflow, without what a server never imports
install.py package        src/ -> /package, laid over that environment: a change of our own code rebuilds only this
"""

import compileall
import importlib.util
import os
import py_compile
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENT = Path("/opt/mlflow")
PACKAGE = Path("/package")
OPTIONS = ["--no-input", "--no-cache-dir", "--disable-pip-version-check", "--no-compile", "--progress-bar", "off", "--root-user-action", "ignore"]


def pip(*arguments: str) -> None:
    """Debian keeps pip only as a wheel for new environments; a wheel can be run as it is."""
    if importlib.util.find_spec("pip"):
        command = [sys.executable, "-m", "pip"]
    else:
        wheels = sorted(Path("/usr/share/python-wheels").glob("pip-*.whl"))
        if not wheels:
            sys.exit("this Python has neither pip nor Debian's wheel of it (package python3-pip-whl)")
        command = [sys.executable, f"{wheels[-1]}/pip"]
    subprocess.run([*command, *arguments], check=True)


def compile_bytecode(folder: Path, stripped: str = "") -> None:
    """The root file system is read-only at run time: what is not compiled now would be compiled at every start.

    Unchecked hashes make the result independent of file times, and spare the server a stat per module.
    """
    done = compileall.compile_dir(
        folder,
        quiet=1,
        workers=0,
        stripdir=stripped or None,
        prependdir="/" if stripped else None,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    if not done:
        sys.exit(f"not every module under {folder} compiles")


def dependencies() -> None:
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    venv.create(ENVIRONMENT, with_pip=False, symlinks=True)
    python = str(ENVIRONMENT / "bin" / "python")
    pip("--python", python, "install", *OPTIONS, "--require-hashes", "--only-binary", ":all:", "-r", str(HERE / "requirements.txt"))
    slim = HERE / "slim.py"
    if slim.exists():
        subprocess.run([sys.executable, str(slim), str(ENVIRONMENT)], check=True)
    compile_bytecode(ENVIRONMENT / "lib")


def package() -> None:
    shutil.rmtree(PACKAGE, ignore_errors=True)
    prefix = PACKAGE / ENVIRONMENT.relative_to("/")
    python = str(ENVIRONMENT / "bin" / "python")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        source.mkdir()
        shutil.copy(HERE / "pyproject.toml", source)
        shutil.copytree(HERE / "src", source / "src", ignore=shutil.ignore_patterns("__pycache__"))
        backend = Path(folder) / "backend"
        pip("install", *OPTIONS, "--require-hashes", "--only-binary", ":all:", "--target", str(backend), "-r", str(HERE / "build-requirements.txt"))
        # Read by pip's child that builds: the environment itself never holds the build backend.
        os.environ["PYTHONPATH"] = str(backend)
        pip("--python", python, "install", *OPTIONS, "--no-index", "--no-deps", "--no-build-isolation", "--prefix", str(prefix), str(source))
    compile_bytecode(prefix / "lib", stripped=str(PACKAGE))


if __name__ == "__main__":
    steps = {"dependencies": dependencies, "package": package}
    if len(sys.argv) != 2 or sys.argv[1] not in steps:
        sys.exit(__doc__)
    steps[sys.argv[1]]()
