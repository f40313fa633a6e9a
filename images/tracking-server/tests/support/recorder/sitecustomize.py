"""In the path of a server under test: writes down every module that is looked for after the server has started.

A module that is absent counts as well: Python looks for it again in every request. Each line is `<module> <file:line>`, the
place being the import statement that asked.
"""

import os
import sys

import uvicorn

_FILE = os.environ["MLFLOW_INSTANCE_TEST_LATE_IMPORTS"]


class _Recorder:
    started = False

    @classmethod
    def find_spec(cls, name: str, path: object = None, target: object = None) -> None:
        if cls.started:
            with open(_FILE, "a") as file:
                file.write(f"{name} {_asking()}\n")


def _asking() -> str:
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename.startswith("<frozen importlib"):
        frame = frame.f_back
    return f"{frame.f_code.co_filename.rpartition('site-packages/')[2]}:{frame.f_lineno}"


sys.meta_path.insert(0, _Recorder)  # type: ignore[arg-type]
_startup = uvicorn.Server.startup


async def _startup_and_record(self: uvicorn.Server, *arguments: object, **named: object) -> None:
    await _startup(self, *arguments, **named)  # type: ignore[arg-type]
    _Recorder.started = True


uvicorn.Server.startup = _startup_and_record  # type: ignore[method-assign]
