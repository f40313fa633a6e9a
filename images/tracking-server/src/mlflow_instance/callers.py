"""Who sends a request."""

from dataclasses import dataclass
from typing import Protocol

from mlflow_instance.roles import Role
from mlflow_instance.tokens import TokenStore


class Caller(Protocol):
    """A token or a workload. `str` of it is what the log calls it."""

    @property
    def name(self) -> str: ...

    @property
    def role(self) -> Role: ...


@dataclass(frozen=True)
class Refused:
    # Never told to the caller.
    why: str


class Callers:
    """Everybody whom the instance lets in."""

    def __init__(self, tokens: TokenStore) -> None:
        self._tokens = tokens

    async def caller_of(self, credential: str | None) -> Caller | Refused:
        if credential is None:
            return Refused("missing")
        return self._tokens.find(credential) or Refused(self._tokens.refusal(credential))
