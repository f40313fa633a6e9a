"""An object store that only has to be large: it lists generated keys, and keeps what is written to it."""

import threading
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

_TIME = "2026-01-01T00:00:00.000Z"
_PAGE = 1000


class ListingStore:
    def __init__(self, bucket: str, keys: Iterable[str]) -> None:
        self._keys = sorted(keys)
        self._written: dict[str, bytes] = {}
        store = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                url = urlsplit(self.path)
                key = unquote(url.path.removeprefix(f"/{bucket}")).lstrip("/")
                if key:
                    found = store._written.get(key)
                    self._answer(
                        404 if found is None else 200,
                        found or b"<Error><Code>NoSuchKey</Code></Error>",
                    )
                else:
                    query = parse_qs(url.query)
                    self._answer(
                        200,
                        store._list(
                            query.get("prefix", [""])[0], query.get("start-after", [""])[0]
                        ),
                    )

            def do_PUT(self) -> None:
                key = unquote(urlsplit(self.path).path.removeprefix(f"/{bucket}/"))
                if key not in store._written:
                    insort(store._keys, key)
                store._written[key] = self.rfile.read(int(self.headers["Content-Length"]))
                self._answer(200, b"")

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _list(self, prefix: str, after: str) -> bytes:
        first = max(bisect_left(self._keys, prefix), bisect_right(self._keys, after))
        page = [key for key in self._keys[first : first + _PAGE] if key.startswith(prefix)]
        rest = self._keys[first + _PAGE : first + _PAGE + 1]
        more = len(page) == _PAGE and bool(rest) and rest[0].startswith(prefix)
        items = (
            f"<Contents><Key>{escape(quote(key))}</Key><LastModified>{_TIME}</LastModified><Size>5</Size></Contents>"
            for key in page
        )
        head = f"<EncodingType>url</EncodingType><IsTruncated>{str(more).lower()}</IsTruncated>"
        return f"<ListBucketResult>{head}{''.join(items)}</ListBucketResult>".encode()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
