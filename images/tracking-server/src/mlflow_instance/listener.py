"""The sockets that the server accepts connections on.

A socket of each address family rather than one for both: a socket for both reports an IPv4 client as `::ffff:10.0.0.7`, which
no IPv4 network of `MLFLOW_INSTANCE_TRUSTED_PROXIES` contains.
"""

import errno
import logging
import socket

_logger = logging.getLogger(__name__)

# Every address of the pod: a cluster may give it IPv4, IPv6 or both.
EVERY_ADDRESS = "*"
_WILDCARDS = ("0.0.0.0", "::")
# The kernel has no IPv6, or it is switched off for the pod's network.
_NO_SUCH_FAMILY = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


def listeners(host: str, port: int) -> list[socket.socket]:
    """Bound and not listening: uvicorn listens when a worker is ready, and until then a probe is refused rather than left waiting."""
    found: list[socket.socket] = []
    for address in _WILDCARDS if host == EVERY_ADDRESS else (host,):
        try:
            found.append(_bound(address, port))
        except OSError as error:
            shown = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
            if host != EVERY_ADDRESS or error.errno not in _NO_SUCH_FAMILY:
                for one in found:
                    one.close()
                raise OSError(f"can't listen on {shown}: {error.strerror}") from None
            _logger.info("not listening on %s: %s", shown, error.strerror)
    if not found:
        raise OSError(f"can't listen on port {port}: the kernel has neither IPv4 nor IPv6")
    return found


def _bound(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # The protocol is named because asyncio sets TCP_NODELAY only on sockets that do. Without it the
    # second part of an answer waits 40 ms for the acknowledgement of the first.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((address, port))
    except OSError:
        listener.close()
        raise
    return listener
