"""Where an artifact URI lies in the instance's own bucket.

Two readings, one per danger. What is to be *removed* is read strictly: whatever is unusual has no prefix and is kept. What is
to be *protected* is read leniently: every path that the URI may mean counts.
"""

from dataclasses import dataclass
from posixpath import normpath
from urllib.parse import unquote

_PROXY_ROUTE = "/mlflow-artifacts/artifacts/"
# The jobs' own folders: no artifact location may lead there, and nothing in them is an orphan.
MAINTENANCE = "maintenance"
FINAL_DUMP = "final-dump"


@dataclass(frozen=True)
class ArtifactStore:
    bucket: str
    # Key prefix of `mlflow-artifacts:/`, without slashes around it.
    root: str

    @classmethod
    def from_destination(cls, destination: str) -> "ArtifactStore | None":
        scheme, _, rest = destination.partition("://")
        bucket, _, path = rest.partition("/")
        if scheme not in ("s3", "s3-proxied") or not bucket or not path.strip("/"):
            return None
        return cls(bucket, path.strip("/"))

    def own_prefix(self, uri: str | None) -> str | None:
        """Key prefix (no slash at the end) of a location that is plainly in this bucket; None for every other."""
        scheme, _, rest = (uri or "").partition(":")
        if scheme == "mlflow-artifacts":
            # With a host it may be another server's.
            if not rest.startswith("/") or rest.startswith("//"):
                return None
            path = f"{self.root}/{rest.strip('/')}"
        elif scheme in ("s3", "s3-proxied"):
            bucket, _, path = rest.removeprefix("//").partition("/")
            if not rest.startswith("//") or bucket != self.bucket:
                return None
        else:
            return None
        path = path.strip("/")
        segments = path.split("/")
        if any(segment in ("", ".", "..") for segment in segments) or any(
            character in "%?#\\" or ord(character) < 32 for character in path
        ):
            return None
        if segments[0] in (MAINTENANCE, FINAL_DUMP) or is_at_or_under(self.root, path):
            return None
        return path

    def is_wide(self, prefix: str) -> bool:
        """At or above the folder of all artifacts: no one's place."""
        return is_at_or_under(self.root, prefix)

    def protected_prefixes(self, uri: str | None) -> set[str]:
        """Every key prefix in this bucket that the URI may mean; the empty prefix is the whole bucket."""
        scheme, separator, rest = (uri or "").partition(":")
        scheme = scheme.lower()
        if not separator:
            return set()
        if scheme == "mlflow-artifacts":
            path = rest.removeprefix("//").partition("/")[2] if rest.startswith("//") else rest
            paths = {f"{self.root}/{path}"}
        elif scheme in ("s3", "s3a", "s3n", "s3-proxied"):
            bucket, _, path = rest.lstrip("/").partition("/")
            if bucket.partition("@")[0].partition("?")[0] != self.bucket:
                return set()
            paths = {path}
        elif scheme in ("http", "https") and _PROXY_ROUTE in rest:
            paths = {f"{self.root}/{rest.partition(_PROXY_ROUTE)[2]}"}
        else:
            return set()
        paths |= {path.partition("?")[0].partition("#")[0] for path in paths}
        # The server decodes until nothing changes: `%2520` is a space, too.
        while not (decoded := {unquote(path) for path in paths}) <= paths:
            paths |= decoded
        plain = {path.strip("/") for path in paths}
        return plain | {normpath("/" + path).strip("/") for path in paths}


def is_at_or_under(path: str, prefix: str) -> bool:
    return not prefix or path == prefix or path.startswith(prefix + "/")


def ancestors(path: str) -> list[str]:
    """The path itself and everything above it, down to the whole bucket (the empty prefix)."""
    found = [path]
    while path:
        path = path.rpartition("/")[0]
        found.append(path)
    return found
