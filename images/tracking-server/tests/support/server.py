"""The instance's server and its migration as processes, as the container runs them."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.support.ports import free_port

_BIN = Path(sys.prefix) / "bin"
ROLES = ("read", "edit", "manage", "admin")


def token_of(role: str) -> str:
    return f"{role}-token-for-tests"


def entry(name: str, role: str, token: str, expires: str = "2999-12-31") -> dict[str, str]:
    return {
        "name": name,
        "role": role,
        "sha256": hashlib.sha256(token.encode()).hexdigest(),
        "expires": expires,
    }


def write_tokens(file: Path, entries: list[dict[str, str]]) -> None:
    # Renamed into place, as Kubernetes swaps a mounted Secret.
    new = file.with_suffix(".new")
    new.write_text(json.dumps({"version": 1, "tokens": entries}))
    new.replace(file)


def run(
    command: str, environment: dict[str, str], timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(_BIN / command)],
        env=process_environment(environment),
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def start(command: str, environment: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [str(_BIN / command)],
        env=process_environment(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def process_environment(environment: dict[str, str]) -> dict[str, str]:
    """Nothing of the test process but what an interpreter needs: a proxy or MLflow variable of the machine must not decide a test."""
    kept = {
        name: os.environ[name]
        for name in ("PATH", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
        if name in os.environ
    }
    return {**kept, "HOME": "/tmp", "PYTHONUNBUFFERED": "1", **environment}


# What a failing test leaves behind is ended with the session (conftest.py).
started: "list[Server]" = []


@dataclass
class Server:
    environment: dict[str, str]
    log: Path
    tokens: Path
    port: int = field(default_factory=free_port)
    host: str = "127.0.0.1"
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, within: float = 90) -> None:
        environment = {
            **self.environment,
            "MLFLOW_INSTANCE_HOST": self.host,
            "MLFLOW_INSTANCE_PORT": str(self.port),
            "MLFLOW_INSTANCE_TOKENS_FILE": str(self.tokens),
        }
        started.append(self)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(_BIN / "mlflow-instance-server")],
                env=process_environment(environment),
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(
                    f"the server ended with {self.process.returncode}:\n{self.log.read_text()}"
                )
            try:
                if requests.get(f"{self.url}/health", timeout=5).status_code == 200:
                    return
            except (requests.ConnectionError, requests.Timeout):
                time.sleep(0.1)
        self.kill()
        raise RuntimeError(f"the server did not come up within {within} s:\n{self.log.read_text()}")

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self, within: float = 40) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def request(
        self, method: str, path: str, role: str | None = "admin", **arguments: object
    ) -> requests.Response:
        headers = dict(arguments.pop("headers", {}))  # type: ignore[call-overload]
        if role is not None:
            headers["Authorization"] = f"Bearer {token_of(role)}"
        arguments.setdefault("timeout", 60)
        arguments.setdefault("allow_redirects", False)
        return requests.request(method, f"{self.url}{path}", headers=headers, **arguments)  # type: ignore[arg-type]
