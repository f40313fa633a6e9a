"""Which keys of the bucket a path may mean, and whether all of them are in the folders of users.

Readers differ: some decode `%2e`, some resolve `..`, some cut off `?` and `#`, and a store on a file system resolves what another
takes literally. A path is inside only if it is inside in every reading.
"""

from posixpath import normpath
from urllib.parse import unquote

# Beside the destination's own folder; the bucket's lifecycle empties it.
TEMPORARY = "tmp"
# A path that is encoded more often than this is nobody's by accident.
_DECODED_AT_MOST = 16


def readings(path: str) -> set[str]:
    """The path as it is, decoded as often as it can be, and without a query, a fragment or parameters."""
    found = {path}
    for _ in range(_DECODED_AT_MOST):
        more = {unquote(each) for each in found}
        more |= {
            each[: index if (index := each.find(mark)) >= 0 else None]
            for each in found
            for mark in "?#;"
        }
        if more <= found:
            return found
        found |= more
    return {""}


def is_inside(path: str, roots: tuple[str, ...], *, folder: bool = False) -> bool:
    """Whether every reading of a key (no slash in front) is at or under one of the roots; with `folder` it must be under it."""
    return all(_is_inside(each, roots, folder) for each in readings(path))


def _is_inside(path: str, roots: tuple[str, ...], folder: bool) -> bool:
    # A backslash separates folders for some, and `\0` ends a name for others.
    if "\\" in path or any(ord(character) < 32 or ord(character) == 127 for character in path):
        return False
    if any(segment in (".", "..") for segment in path.split("/")):
        return False
    plain = normpath("/" + path).strip("/")
    return any(
        (plain == root and not folder and path.startswith(root))
        or path.startswith(f"{root}/")
        and plain != root
        for root in roots
    )
