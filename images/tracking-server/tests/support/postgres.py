"""A PostgreSQL server of its own for the tests: a temporary cluster on a free port of the loopback interface."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg2

from tests.support.ports import free_port

_PASSWORD = "not-a-secret-but-looked-for"


class Postgres:
    """Runs as user postgres when the tests run as root: PostgreSQL refuses to be root."""

    def __init__(self, memory: int | None = None, *, fsync: bool = False) -> None:
        """`memory`: the most address space of each of its processes, in bytes. `fsync`: a commit
        waits for the disk, as in production."""
        self._memory = memory
        self._fsync = "on" if fsync else "off"
        self._bin = _binaries()
        self._user = "postgres" if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="mlflow-instance-pg-"))
        self.port = free_port()
        self.password = _PASSWORD
        if self._user:
            account = pwd.getpwnam(self._user)
            os.chown(self._folder, account.pw_uid, account.pw_gid)
        password_file = self._folder / "password"
        password_file.write_text(_PASSWORD)
        password_file.chmod(0o644)
        self._run(
            "initdb",
            "-D",
            f"{self._folder}/data",
            "-U",
            "admin",
            "-A",
            "scram-sha-256",
            f"--pwfile={password_file}",
            "--no-sync",
        )

    @property
    def log_file(self) -> Path:
        return self._folder / "log"

    def start(self) -> None:
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync={self._fsync} -c max_connections=200"
        self._run(
            "pg_ctl",
            "-D",
            f"{self._folder}/data",
            "-o",
            options,
            "-l",
            f"{self._folder}/log",
            "-w",
            "start",
        )

    def stop(self) -> None:
        self._run("pg_ctl", "-D", f"{self._folder}/data", "-m", "immediate", "-w", "stop")

    def remove(self) -> None:
        if (self._folder / "data" / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self._folder)

    def create_database(self, name: str, template: str = "template1") -> str:
        """The URI of a new database, empty or a copy of one that nobody is connected to."""
        connection = psycopg2.connect(
            host="127.0.0.1", port=self.port, user="admin", password=_PASSWORD, dbname="postgres"
        )
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        connection.close()
        return f"postgresql+psycopg2://admin:{_PASSWORD}@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), *arguments]
        if self._memory is not None:
            command = ["prlimit", f"--as={self._memory}", *command]
        if self._user:
            command = [
                "setpriv",
                f"--reuid={self._user}",
                f"--regid={self._user}",
                "--clear-groups",
                *command,
            ]
        # pg_ctl's child keeps inherited pipes open for as long as it lives: output goes to a file.
        with tempfile.TemporaryFile() as output:
            code = subprocess.run(
                command,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=_plain_environment(),
            ).returncode
            if code:
                output.seek(0)
                raise RuntimeError(
                    f"{program} failed ({code}): {output.read().decode(errors='replace')}"
                )


def _binaries() -> Path:
    given = os.environ.get("MLFLOW_INSTANCE_TEST_PG_BIN")
    candidates = (
        [Path(given)] if given else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    )
    for candidate in candidates:
        if (candidate / "initdb").exists():
            return candidate
    raise RuntimeError(
        "PostgreSQL's initdb and pg_ctl not found: apt-get install postgresql, or set MLFLOW_INSTANCE_TEST_PG_BIN to their folder"
    )


def _plain_environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
