"""An OpenID issuer for tests: its keys, its tokens, and a server for its documents with TLS of its own."""

import base64
import http.server
import json
import ssl
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

AUDIENCE = "https://unit.example"


def rsa(kid: str = "k1", bits: int = 2048) -> RSAKey:
    return RSAKey.generate_key(bits, {"kid": kid, "use": "sig"})


def ec(kid: str = "e1", curve: str = "P-256") -> ECKey:
    return ECKey.generate_key(curve, {"kid": kid, "use": "sig"})


def jwks(*keys: Any) -> dict[str, Any]:
    return {"keys": [key.as_dict(private=False) for key in keys]}


def claims(url: str, **more: Any) -> dict[str, Any]:
    now = int(time.time())
    of_all = {"iss": url, "aud": AUDIENCE, "iat": now, "nbf": now - 5, "exp": now + 300}
    found = {**of_all, "sub": "job", "project_path": "fraud/train", "ref_protected": "true", **more}
    return {name: value for name, value in found.items() if value is not None}


def signed(key: Any, body: dict[str, Any] | bytes, algorithm: str = "RS256", **header: Any) -> str:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    whole = {"alg": algorithm, "kid": key.kid, **header}
    whole = {name: value for name, value in whole.items() if value is not None}
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    return jws.serialize_compact(whole, payload, key, registry=registry)


def part(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


class IssuerServer:
    """Answers `<path>` with what `documents` has for it: an object, bytes, or a number (a status)."""

    def __init__(self, folder: Path) -> None:
        self.ca_file = folder / "issuer.crt"
        key = folder / "issuer.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
            + ["-nodes", "-days", "1", "-subj", "/CN=localhost", "-keyout", str(key)]
            + ["-addext", "subjectAltName=DNS:localhost", "-out", str(self.ca_file)],
            check=True,
            capture_output=True,
        )
        self.documents: dict[str, Any] = {}
        self.asked: list[str] = []
        of = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # noqa: N802
                of.asked.append(self.path)
                found = of.documents.get(self.path, 404)
                status, location = (found, "/elsewhere") if isinstance(found, int) else (200, "")
                body = (
                    b""
                    if isinstance(found, int)
                    else found
                    if isinstance(found, bytes)
                    else json.dumps(found).encode()
                )
                self.send_response(status)
                if location:
                    self.send_header("location", location)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca_file, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"https://localhost:{self._server.server_address[1]}"

    def publish(self, *keys: Any) -> None:
        self.documents["/.well-known/openid-configuration"] = {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/keys",
        }
        self.documents["/keys"] = jwks(*keys)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
