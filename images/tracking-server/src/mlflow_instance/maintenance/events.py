"""Standard output: one JSON object per line, the summary last."""

import json
import re
import sys
from typing import Any, TextIO


# Beside what JSON escapes by itself: what a terminal obeys, what other readers take for the end of a line, and what turns the
# direction of a text.
_INVISIBLE = re.compile("[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def visible(line: str) -> str:
    return _INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", line)


class Events:
    """A dry run prints every item. A real run prints what failed and the summary: its items are in the plan in the bucket."""

    def __init__(self, *, every_item: bool, stream: TextIO | None = None) -> None:
        self._every_item = every_item
        self._stream = stream or sys.stdout

    def item(self, event: str, **fields: Any) -> None:
        if self._every_item:
            self._line(event, fields)

    def always(self, event: str, **fields: Any) -> None:
        self._line(event, fields)

    def _line(self, event: str, fields: dict[str, Any]) -> None:
        line = {"event": event, **{name: value for name, value in fields.items() if value is not None}}
        self._stream.write(visible(json.dumps(line, ensure_ascii=False)) + "\n")
        self._stream.flush()
