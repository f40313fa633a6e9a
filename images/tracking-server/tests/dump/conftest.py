import signal
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def own_end() -> Iterator[None]:
    """The commands say what SIGTERM does to their process; here that is pytest's."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)
