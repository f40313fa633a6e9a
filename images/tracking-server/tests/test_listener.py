"""The sockets that the server listens on: every address family, and no delay of small answers."""

import asyncio
import errno
import os
import re
import socket
from pathlib import Path

import pytest
import requests

from mlflow_instance.listener import EVERY_ADDRESS, listeners
from tests.conftest import role_tokens, server_environment
from tests.support.ports import free_port
from tests.support.server import Server, token_of, write_tokens
from tests.support.store import ObjectStore

_LOOPBACK = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}
_NO_IPV6 = (
    not Path("/proc/net/if_inet6").exists() or "lo" not in Path("/proc/net/if_inet6").read_text()
)


def closed(sockets: list[socket.socket]) -> list[socket.AddressFamily]:
    families = [one.family for one in sockets]
    for one in sockets:
        one.close()
    return families


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", EVERY_ADDRESS])
def test_an_accepted_connection_sends_without_delay(host: str) -> None:
    if host == "::1" and _NO_IPV6:
        pytest.skip("this kernel has no IPv6")

    async def accepted(listener: socket.socket) -> int:
        """The option as the transport of a connection has it, set by asyncio and not by us."""
        option: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        class Connection(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                option.set_result(
                    transport.get_extra_info("socket").getsockopt(
                        socket.IPPROTO_TCP, socket.TCP_NODELAY
                    )
                )
                transport.close()

        server = await asyncio.get_running_loop().create_server(Connection, sock=listener)
        async with server:
            with socket.create_connection((_LOOPBACK[listener.family], listener.getsockname()[1])):
                return await asyncio.wait_for(option, 10)

    sockets = listeners(host, free_port())
    assert [asyncio.run(accepted(one)) for one in sockets] == [1] * len(sockets)


def test_every_address_is_ipv4_and_ipv6_with_a_socket_each() -> None:
    if _NO_IPV6:
        pytest.skip("this kernel has no IPv6")
    sockets = listeners(EVERY_ADDRESS, free_port())
    # One socket for both would report an IPv4 client as ::ffff:127.0.0.1, which no IPv4 network of
    # trusted proxies contains.
    assert sockets[1].getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY) == 1
    assert closed(sockets) == [socket.AF_INET, socket.AF_INET6]


@pytest.mark.parametrize("number", [errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL])
@pytest.mark.parametrize(
    ("missing", "left"), [(socket.AF_INET6, socket.AF_INET), (socket.AF_INET, socket.AF_INET6)]
)
def test_a_family_that_the_kernel_does_not_have_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
    missing: socket.AddressFamily,
    left: socket.AddressFamily,
    number: int,
) -> None:
    _without(monkeypatch, {missing}, number)
    assert closed(listeners(EVERY_ADDRESS, free_port())) == [left]
    with pytest.raises(OSError, match=r"can't listen on .*:1: "):
        listeners(_LOOPBACK[missing], 1)


def test_a_kernel_without_either_family_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    _without(monkeypatch, set(_LOOPBACK), errno.EAFNOSUPPORT)
    with pytest.raises(
        OSError, match="can't listen on port 5000: the kernel has neither IPv4 nor IPv6"
    ):
        listeners(EVERY_ADDRESS, 5000)


@pytest.mark.parametrize("family", list(_LOOPBACK))
def test_a_port_that_is_taken_in_one_family_only_is_an_error(family: socket.AddressFamily) -> None:
    """Half a server would answer some clients with another program."""
    if _NO_IPV6 and family == socket.AF_INET6:
        pytest.skip("this kernel has no IPv6")
    with socket.socket(family) as taken:
        taken.bind((_LOOPBACK[family], 0))
        taken.listen()
        with pytest.raises(OSError, match="Address already in use"):
            listeners(EVERY_ADDRESS, taken.getsockname()[1])


def _without(
    monkeypatch: pytest.MonkeyPatch, missing: set[socket.AddressFamily], number: int
) -> None:
    real = socket.socket

    def make(family: socket.AddressFamily = socket.AF_INET, *arguments: int) -> socket.socket:
        if family in missing and arguments:
            raise OSError(number, "not here")
        return real(family, *arguments)

    monkeypatch.setattr("mlflow_instance.listener.socket.socket", make)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_server_answers_on_both_families_without_delay(
    migrated_uri: str, object_store: ObjectStore, tmp_path: Path, workers: int
) -> None:
    """The option is read in the server, by its own interpreter, from each connection that uvicorn is given."""
    if _NO_IPV6:
        pytest.skip("this kernel has no IPv6")
    (tmp_path / "sitecustomize.py").write_text(
        "import socket\n"
        "from uvicorn.protocols.http.auto import AutoHTTPProtocol as protocol\n"
        "made = protocol.connection_made\n"
        "def connection_made(self, transport):\n"
        "    made(self, transport)\n"
        "    connection = transport.get_extra_info('socket')\n"
        "    option = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)\n"
        "    print('nodelay', connection.family.name, option, transport.get_extra_info('peername')[0], flush=True)\n"
        "protocol.connection_made = connection_made\n"
    )
    write_tokens(tmp_path / "tokens.json", role_tokens())
    environment = {
        **server_environment(migrated_uri, object_store.url),
        "MLFLOW_INSTANCE_WORKERS": str(workers),
    }
    server = Server(environment, tmp_path / "log", tmp_path / "tokens.json", host=EVERY_ADDRESS)
    server.environment["PYTHONPATH"] = f"{tmp_path}:{os.environ['PYTHONPATH']}"
    server.start()
    try:
        for address in ("127.0.0.1", "[::1]"):
            answer = requests.post(
                f"http://{address}:{server.port}/api/2.0/mlflow/experiments/search",
                json={"max_results": 1},
                headers={"Authorization": f"Bearer {token_of('read')}"},
                timeout=60,
            )
            assert answer.status_code == 200, answer.text
    finally:
        assert server.stop() == 0
    # What is printed becomes a record of the log.
    seen = set(re.findall(r"nodelay \S+ \d \S+", server.log.read_text()))
    assert seen == {"nodelay AF_INET 1 127.0.0.1", "nodelay AF_INET6 1 ::1"}
