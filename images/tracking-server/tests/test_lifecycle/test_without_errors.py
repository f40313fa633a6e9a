"""Nothing that this folder asked for ended in a server error.

The name makes it the last file of the folder.
"""

import re

from tests.support.late_imports import late_imports
from tests.support.server import Server


def test_nothing_above_ended_in_a_server_error(server: Server, begun_at: int) -> None:
    """Last in this folder: reads the access log of all of it."""
    lines = server.log.read_text()[begun_at:].splitlines()
    served = [line for line in lines if " mlflow_instance.access " in line]
    assert len(served) > 100
    # 501 answers a feature that is off; the route test's GETs with made-up names are in
    # tests/test_routes.py.
    assert [
        line
        for line in served
        if re.search(r'" 50[0-9] ', line) and not re.search(r'" 501 |"GET /graphql"', line)
    ] == []
    assert not re.search(
        r"token-for-tests|not-a-secret-but-looked-for|test-secret", "\n".join(lines)
    )


def test_nothing_above_imported_anything_during_a_request(server: Server) -> None:
    """tests/test_imports.py tries the whole route table, and this the requests that come further than its empty bodies."""
    assert late_imports(server.log.parent / "late-imports") == []
