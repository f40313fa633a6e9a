"""A job token is let in for one reason, and refused for many; each refusal has its own word in the log."""

import asyncio
import hmac
import json
import time
from hashlib import sha256
from typing import Any

import pytest
from joserfc.jwk import OctKey

from mlflow_instance.workloads.declared import Issuer
from mlflow_instance.workloads.job_token import TokenRefused, looks_like_one, verified_claims
from mlflow_instance.workloads.keys import IssuerKeys
from tests.support.issuer import AUDIENCE, claims, ec, jwks, part, rsa, signed

URL = "https://gitlab.example.com"
RSA, EC, OTHER = rsa(), ec(), rsa("k2")
ISSUER = Issuer("gitlab", URL, AUDIENCE, keys=json.dumps(jwks(RSA, EC)))


def verdict(token: str, *issuers: Issuer, now: float | None = None) -> str:
    declared = {one.name: one for one in issuers or (ISSUER,)}

    async def find(issuer: Issuer, key_id: str | None) -> Any:
        return await IssuerKeys(issuer, lambda _: "").find(key_id)

    async def run() -> str:
        try:
            issuer, _ = await verified_claims(token, declared, find, lambda: now or time.time())
        except TokenRefused as refused:
            return str(refused)
        return f"good:{issuer.name}"

    return asyncio.run(run())


def test_both_algorithms() -> None:
    assert verdict(signed(RSA, claims(URL))) == "good:gitlab"
    assert verdict(signed(EC, claims(URL), "ES256")) == "good:gitlab"


def test_a_list_of_audiences_that_has_ours() -> None:
    assert verdict(signed(RSA, claims(URL, aud=["https://x.example", AUDIENCE]))) == "good:gitlab"


NOW = int(time.time())


@pytest.mark.parametrize(
    ("word", "more"),
    [
        ("wrong-audience", {"aud": "https://other.example"}),
        ("wrong-audience", {"aud": f"{AUDIENCE}/"}),
        ("wrong-audience", {"aud": None}),
        ("wrong-audience", {"aud": {AUDIENCE: 1}}),
        ("wrong-audience", {"aud": []}),
        ("unknown-issuer", {"iss": f"{URL}/"}),
        ("unknown-issuer", {"iss": "https://evil.example"}),
        ("unknown-issuer", {"iss": None}),
        ("unknown-issuer", {"iss": [URL]}),
        ("expired", {"exp": NOW - 61}),
        ("expired", {"exp": -1e308}),
        ("no-expiry", {"exp": None}),
        ("malformed", {"exp": str(NOW + 300)}),
        ("malformed", {"exp": True}),
        ("not-yet-valid", {"nbf": NOW + 100_000}),
        ("not-yet-valid", {"iat": NOW + 100_000}),
    ],
)
def test_claims_that_are_refused(word: str, more: dict[str, Any]) -> None:
    assert verdict(signed(RSA, claims(URL, **more))) == word


def test_the_leeway_is_a_minute() -> None:
    token = signed(RSA, claims(URL, exp=NOW, nbf=NOW - 300, iat=NOW - 300))
    assert verdict(token, now=NOW + 59.0) == "good:gitlab"
    assert verdict(token, now=NOW + 60.0) == "expired"
    early = signed(RSA, claims(URL, nbf=NOW + 60, iat=NOW))
    assert verdict(early, now=float(NOW)) == "good:gitlab"
    assert verdict(early, now=NOW - 1.0) == "not-yet-valid"


def test_a_signature_of_somebody_else() -> None:
    forged = signed(OTHER, claims(URL), kid="k1")
    assert verdict(forged) == "bad-signature"
    good = signed(RSA, claims(URL))
    head, _, mark = good.split(".")
    assert verdict(f"{head}.{part(claims(URL, project_path='other'))}.{mark}") == "bad-signature"
    assert verdict(f"{head}.{good.split('.')[1]}.") == "bad-signature"
    assert verdict(signed(OTHER, claims(URL))) == "unknown-key"


def test_algorithms_that_are_refused() -> None:
    body = part(claims(URL))
    for algorithm in (
        "none",
        "None",
        "NONE",
        "",
        "HS256",
        "RS512",
        "PS256",
        "RS1",
        5,
        None,
        ["RS256"],
    ):
        assert verdict(f"{part({'alg': algorithm, 'kid': 'k1'})}.{body}.") == "algorithm"
    # The public key as the secret of an HMAC.
    head = part({"alg": "HS256", "kid": "k1"})
    public = RSA.as_pem(private=False)
    mark = hmac.new(public, f"{head}.{body}".encode(), sha256).digest()
    assert verdict(f"{head}.{body}.{part(mark)}") == "algorithm"
    # A key is of one kind.
    assert verdict(signed(EC, claims(URL), "ES256", kid="k1")) == "algorithm"


def test_keys_that_a_token_brings_along_are_not_looked_at() -> None:
    for more in (
        {"jwk": OTHER.as_dict(private=False)},
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/c"},
        {"x5c": ["x"]},
        {"crit": ["b64"], "b64": False},
    ):
        head = part({"alg": "RS256", "kid": "k1", **more})
        assert verdict(f"{head}.{part(claims(URL))}.AAAA") == "header"


@pytest.mark.parametrize(
    ("word", "body"),
    [
        ("duplicate-claim", b'{"iss": "%s", "iss": "https://evil.example"}' % URL.encode()),
        ("duplicate-claim", b'{"a": {"b": 1, "b": 2}}'),
        ("malformed", b"[]"),
        ("malformed", b'{"exp": NaN}'),
        ("malformed", b"\xff\xfe"),
        ("malformed", "{}".encode("utf-16")),
        ("malformed", b'{"a": ' * 100_000),
        ("malformed", b""),
    ],
)
def test_documents_that_two_parsers_may_read_differently(word: str, body: bytes) -> None:
    token = f"{part({'alg': 'RS256', 'kid': 'k1'})}.{part(body)}.AAAA"
    assert verdict(token[:16_000]) == word
    assert verdict(f"{part(body)}.{part(claims(URL))}.AAAA"[:16_000]) == word


@pytest.mark.parametrize(
    "token",
    [
        "ey..",
        "eyA.eyA.eyA",
        "ey!.ey!.!",
        f"ey{'a' * 20_000}.b.c",
        "ey=.ey=.=",
        "eyé.a.b",
        "ey\udc80.a.b",
    ],
)
def test_texts_that_are_no_token(token: str) -> None:
    assert looks_like_one(token)
    assert verdict(token) == "malformed"


def test_an_access_token_does_not_look_like_one() -> None:
    assert not looks_like_one("mlf_" + "a" * 40)


def test_weak_and_private_keys_of_an_issuer_are_not_used() -> None:
    weak = rsa("w", 1024)
    for key in (weak, ec("p384", "P-384"), OctKey.generate_key(256, {"kid": "o"})):
        listed = json.dumps({"keys": [key.as_dict(private=key.key_type == "oct")]})
        issuer = Issuer("gitlab", URL, AUDIENCE, keys=listed)
        if key.key_type == "RSA":
            assert verdict(signed(key, claims(URL)), issuer) == "unknown-key"
        else:
            head = part({"alg": "ES256", "kid": key.kid})
            assert verdict(f"{head}.{part(claims(URL))}.AAAA", issuer) == "unknown-key"


def test_one_issuer_with_two_audiences() -> None:
    second = Issuer("cluster", URL, "https://second.example", keys=json.dumps(jwks(RSA)))
    token = signed(RSA, claims(URL, aud="https://second.example"))
    assert verdict(token, ISSUER, second) == "good:cluster"
