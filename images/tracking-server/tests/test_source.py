"""The address of a request is the one that the ingress saw, whatever a client writes."""

import pytest

from mlflow_instance.source import Source, neighbourhood


def source(ingress: str, peer: str | None, *forwarded: str) -> str:
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    client = None if peer is None else (peer, 1234)
    return Source(ingress).of({"client": client, "headers": [(b"host", b"x"), *headers]})


@pytest.mark.parametrize(
    ("ingress", "peer", "forwarded", "expected"),
    [
        ("", "10.0.0.1", ["1.2.3.4"], "10.0.0.1"),
        ("*", "10.0.0.1", [], "10.0.0.1"),
        ("*", "10.0.0.1", ["1.2.3.4"], "1.2.3.4"),
        # A client writes the beginning, the ingress the end.
        ("*", "10.0.0.1", ["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
        ("*", "10.0.0.1", ["6.6.6.6", "1.2.3.4"], "1.2.3.4"),
        ("*", "10.0.0.1", ["1.2.3.4, not an address"], "10.0.0.1"),
        ("*", "10.0.0.1", ["1.2.3.4,"], "10.0.0.1"),
        ("*", "10.0.0.1", ["x" * 10_000], "10.0.0.1"),
        ("*", "10.0.0.1", ["2001:db8::1"], "2001:db8::1"),
        ("10.0.0.0/8", "10.0.0.1", ["1.2.3.4"], "1.2.3.4"),
        ("10.0.0.0/8", "::ffff:10.0.0.1", ["1.2.3.4"], "1.2.3.4"),
        ("10.0.0.0/8, fd00::/8", "fd00::1", ["1.2.3.4"], "1.2.3.4"),
        ("10.0.0.0/8", "192.0.2.1", ["1.2.3.4"], "192.0.2.1"),
        ("10.0.0.0/8", None, ["1.2.3.4"], ""),
    ],
)
def test_source(ingress: str, peer: str | None, forwarded: list[str], expected: str) -> None:
    assert source(ingress, peer, *forwarded) == expected


def test_a_network_that_is_none_is_an_error() -> None:
    with pytest.raises(ValueError, match="300"):
        Source("10.0.0.300/8")


def test_a_neighbourhood() -> None:
    assert neighbourhood("1.2.3.4") == neighbourhood("::ffff:1.2.3.4") == "1.2.3.4"
    assert neighbourhood("2001:db8::1") == neighbourhood("2001:db8::ffff:2") == "2001:db8::/64"
    assert neighbourhood("") == ""
