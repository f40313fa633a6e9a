"""The caller of a request: an access token or a workload."""

from dataclasses import dataclass
from typing import Protocol

from mlflow_instance.roles import Role
from mlflow_instance.tokens import TokenStore
from mlflow_instance.workloads.job_token import looks_like_one
from mlflow_instance.workloads.store import Unavailable, WorkloadStore

MISSING = "missing"


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
    # Whether a retry may succeed: the issuer is unavailable.
    later: bool = False


class Callers:
    """All callers of the instance."""

    def __init__(self, tokens: TokenStore, workloads: WorkloadStore | None = None) -> None:
        self._tokens = tokens
        self._workloads = workloads

    async def prefetch(self) -> None:
        """Before the first request: what it would have to wait for."""
        if self._workloads is not None:
            await self._workloads.prefetch()

    async def caller_of(self, credential: str | None) -> Caller | Refused:
        if credential is None:
            return Refused(MISSING)
        token = self._tokens.find(credential)
        if token is not None:
            return token
        if self._workloads is None or not looks_like_one(credential):
            return Refused(self._tokens.refusal(credential))
        try:
            found = await self._workloads.find(credential)
        except Unavailable as error:
            return Refused(str(error), later=True)
        return Refused(found) if isinstance(found, str) else found
