"""Standard output: one JSON object per line, the summary last."""

import sys
from typing import Any, TextIO

from mlflow_instance.printable import printable_json


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
        line = {
            "event": event,
            **{name: value for name, value in fields.items() if value is not None},
        }
        self._stream.write(printable_json(line) + "\n")
        self._stream.flush()
