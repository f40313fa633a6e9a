import base64

import pytest

from mlflow_instance.credentials import credential_of


def basic(text: str) -> bytes:
    return b"Basic " + base64.b64encode(text.encode())


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"Bearer abc", "abc"),
        (b"bearer abc", "abc"),
        (b"BEARER  abc ", "abc"),
        (basic("anybody:abc"), "abc"),
        (basic(":abc"), "abc"),
        (basic("user:a:b:c"), "a:b:c"),
        (basic("user:päss"), "päss"),
        (basic("user:"), None),
        (basic("no-colon"), None),
        (b"Basic !!!", None),
        (b"Basic", None),
        (b"Bearer", None),
        (b"Bearer ", None),
        (b"Digest abc", None),
        (b"abc", None),
        (b"", None),
    ],
)
def test_reads_the_token(header: bytes, expected: str | None) -> None:
    assert credential_of([(b"host", b"x"), (b"authorization", header)]) == expected


def test_no_header_is_no_token() -> None:
    assert credential_of([(b"host", b"x")]) is None


def test_two_headers_are_no_token() -> None:
    assert credential_of([(b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")]) is None
