"""Answers which workload a job token is of."""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from mlflow_instance.roles import Role
from mlflow_instance.watched_file import WatchedFile
from mlflow_instance.workloads.ci_claims import told_claims
from mlflow_instance.workloads.declared import NOTHING, Declared, Issuer, parse_declared
from mlflow_instance.workloads.fetch import IssuerAway
from mlflow_instance.workloads.job_token import TokenRefused, verified_claims
from mlflow_instance.workloads.keys import IssuerKeys, Key
from mlflow_instance.workloads.matching import matching

_logger = logging.getLogger(__name__)


class Unavailable(Exception):
    """The issuer cannot be reached, so the token cannot be verified. The text is for the log."""


@dataclass(frozen=True)
class Job:
    """A request's workload, and which of its jobs it was."""

    name: str
    role: Role
    # By the names under which they are told (ci_claims.py); verified.
    claims: Mapping[str, str] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        return f"workload:{self.name}"


class WorkloadStore:
    def __init__(self, path: Path, fetch: Callable[[Issuer], str]) -> None:
        self._file = WatchedFile(path, "workloads file", parse_declared, self._loaded)
        self._fetch = fetch
        self._declared: Declared = NOTHING
        self._keys: dict[str, IssuerKeys] = {}

    async def find(self, token: str) -> Job | str:
        """The workload, or why it is none, in one word for the log."""
        self._file.refresh()
        declared = self._declared
        try:
            issuer, claims = await verified_claims(token, declared.issuers, self._key)
        except TokenRefused as refused:
            return str(refused)
        except IssuerAway as error:
            raise Unavailable(f"issuer-away ({error})") from None
        workload = matching(declared.workloads, issuer, claims)
        if workload is None:
            return f"no-workload:{issuer.name}"
        return Job(workload.name, workload.role, told_claims(issuer, claims))

    async def prefetch(self) -> None:
        """Fetches the keys of every issuer, so that one that becomes unavailable later has no effect."""
        self._file.refresh()
        for issuer in self._declared.issuers.values():
            # IssuerKeys has logged the reason.
            with suppress(IssuerAway):
                await self._key(issuer, None)

    async def _key(self, issuer: Issuer, key_id: str | None) -> Key | None:
        keys = self._keys.get(issuer.name)
        if keys is None:
            keys = self._keys[issuer.name] = IssuerKeys(issuer, self._fetch)
        return await keys.find(key_id)

    def _loaded(self, declared: Declared) -> None:
        # The keys of an issuer whose declaration is the same stay: it may be away just now.
        before = self._declared.issuers
        self._keys = {
            name: keys
            for name, keys in self._keys.items()
            if name in declared.issuers and declared.issuers[name] == before.get(name)
        }
        self._declared = declared
        _logger.info(
            "workloads file loaded: %s",
            ", ".join(sorted(one.name for one in declared.workloads)) or "no workloads",
        )
