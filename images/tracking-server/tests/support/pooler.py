"""The opening words of PgBouncer before 1.20: which start parameters it takes, and that it hands
out numbers of its own.

What follows is passed on, one client to one session (`pool_mode = session`).
"""

import socket
import struct
import threading

# `ignore_startup_parameters` of PgBouncer's own default: none beside what it tracks itself.
_TAKEN = {
    "user",
    "database",
    "client_encoding",
    "datestyle",
    "timezone",
    "standard_conforming_strings",
    "application_name",
}


class Pooler:
    def __init__(self, port: int) -> None:
        self.refused: list[str] = []
        self.connections = 0
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            try:
                self._pass_on(client)
            except OSError:
                pass

    def _pass_on(self, client: socket.socket) -> None:
        packet = _packet(client)
        # SSLRequest and GSSENCRequest: not here.
        while struct.unpack("!I", packet[4:8])[0] in (80877103, 80877104):
            client.sendall(b"N")
            packet = _packet(client)
        if struct.unpack("!I", packet[4:8])[0] == 80877102:
            return
        words = packet[8:].split(b"\0")
        unknown = [
            name.decode() for name in words[0:-2:2] if name and name.decode().lower() not in _TAKEN
        ]
        if unknown:
            self.refused += unknown
            text = f"unsupported startup parameter: {unknown[0]}".encode()
            body = b"SERROR\0C08P01\0M" + text + b"\0\0"
            client.sendall(b"E" + struct.pack("!I", len(body) + 4) + body)
            return
        self.connections += 1
        with socket.create_connection(("127.0.0.1", self._target)) as server:
            server.sendall(packet)
            threading.Thread(target=_copy, args=(client, server), daemon=True).start()
            _number_of_our_own(server, client)
            _copy(server, client)


def _packet(connection: socket.socket) -> bytes:
    length = _exactly(connection, 4)
    return length + _exactly(connection, struct.unpack("!I", length)[0] - 4)


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise OSError("closed")
        data += more
    return data


def _number_of_our_own(server: socket.socket, client: socket.socket) -> None:
    """Everything up to ReadyForQuery, with another process number in BackendKeyData."""
    while True:
        kind = _exactly(server, 1)
        rest = _packet(server)
        if kind == b"K":
            rest = rest[:4] + struct.pack("!I", 0x7FFFFFF0) + rest[8:]
        client.sendall(kind + rest)
        if kind in (b"Z", b"E"):
            return


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass
