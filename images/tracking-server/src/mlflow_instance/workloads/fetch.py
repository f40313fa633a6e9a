"""Fetches the keys of an issuer, with bounds on time, size and number."""

import json
import ssl
import urllib.request
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from mlflow_instance.strict_json import NotStrict, parse_object
from mlflow_instance.workloads.declared import Issuer

_SECONDS = 5.0
# GitHub's are 8 KiB, those of a large Keycloak 20.
_MOST_BYTES = 256 * 1024
_MOST_KEYS = 100
_ACCOUNT = Path("/var/run/secrets/mlflow-instance/cluster")
_API_SERVER = "https://kubernetes.default.svc"


class IssuerAway(Exception):
    """The keys can't be had now. The text is for the log."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The target of a redirect is not declared."""

    def redirect_request(
        self, req: Any, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


class Fetch:
    def __init__(self, ca_file: str | None, account: Path = _ACCOUNT) -> None:
        self._ca_file = ca_file
        self._account = account

    def keys_of(self, issuer: Issuer) -> str:
        """The issuer's JWKS as text, checked for shape and size. Blocks for up to some 10 s."""
        if issuer.cluster:
            # The service account's CA and token are mounted for this alone.
            token = (self._account / "token").read_text(encoding="ascii").strip()
            ca = str(self._account / "ca.crt")
            document = self._get(f"{_API_SERVER}/openid/v1/jwks", ca, token)
        else:
            document = self._get(self._announced(issuer), self._ca_file)
        keys = document.get("keys")
        if not isinstance(keys, list) or len(keys) > _MOST_KEYS:
            raise IssuerAway(f"expected a list of at most {_MOST_KEYS} keys")
        return json.dumps({"keys": keys})

    def _announced(self, issuer: Issuer) -> str:
        url = f"{issuer.url.rstrip('/')}/.well-known/openid-configuration"
        document = self._get(url, self._ca_file)
        if document.get("issuer") != issuer.url:
            raise IssuerAway(f"{url} is of another issuer")
        address = document.get("jwks_uri")
        if not isinstance(address, str):
            raise IssuerAway(f"{url} has no jwks_uri")
        return address

    def _get(self, url: str, ca_file: str | None, token: str | None = None) -> dict[str, Any]:
        if urlsplit(url).scheme != "https":
            raise IssuerAway(f"{url} is not https")
        request = urllib.request.Request(
            url, headers={"accept": "application/jwk-set+json, application/json"}
        )
        if token is not None:
            request.add_unredirected_header("authorization", f"Bearer {token}")
        try:
            opener = urllib.request.build_opener(
                urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca_file)),
                _NoRedirect(),
            )
            with opener.open(request, timeout=_SECONDS) as answer:
                body = answer.read(_MOST_BYTES + 1)
        except (OSError, HTTPException, ValueError) as error:
            raise IssuerAway(f"{url}: {error}") from None
        if len(body) > _MOST_BYTES:
            raise IssuerAway(f"{url} answers with more than {_MOST_BYTES} bytes")
        try:
            return parse_object(body)
        except NotStrict as error:
            raise IssuerAway(f"{url}: {error}") from None
