"""The source address of a request, which only the ingress can write.

An ingress adds the address of its peer at the end of X-Forwarded-For, or replaces the header. Entries before the last one may be the
client's.
"""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from mlflow_instance.asgi import Scope

# The network policies admit only the ingress to the server.
EVERYBODY = "*"


class Source:
    def __init__(self, ingress: str) -> None:
        """`ingress`: networks, separated by commas, or `*` for any peer; empty for none. Raises ValueError."""
        names = [name.strip() for name in ingress.split(",") if name.strip()]
        self._everybody = EVERYBODY in names
        self._networks: Iterable[IPv4Network | IPv6Network] = [
            ip_network(name, strict=False) for name in names if name != EVERYBODY
        ]

    def of(self, scope: Scope) -> str:
        client = scope.get("client")
        peer = str(client[0]) if client else ""
        if not self._is_ingress(peer):
            return peer
        values = [value for name, value in scope["headers"] if name.lower() == b"x-forwarded-for"]
        if not values:
            return peer
        last = values[-1].decode("latin-1").rpartition(",")[2].strip()
        return last if _is_address(last) else peer

    def _is_ingress(self, peer: str) -> bool:
        if self._everybody:
            return True
        if not _is_address(peer):
            return False
        address = ip_address(peer)
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(
            address in network for network in self._networks if network.version == address.version
        )


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def neighbourhood(source: str) -> str:
    """The key of a source: a client with one IPv6 address usually has its whole /64."""
    if not _is_address(source):
        return source
    address = ip_address(source)
    if not isinstance(address, IPv6Address):
        return source
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network(f"{source}/64", strict=False))
