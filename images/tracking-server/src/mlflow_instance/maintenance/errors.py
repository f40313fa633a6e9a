"""Why a command ends before its work is done. Each is one line for the operator and one exit code."""


class Refused(Exception):
    """Wrong settings, arguments or id: a retry can't help."""

    exit_code = 2


class Impossible(Exception):
    """The database or the store can't be used, or gives no rights: worth a retry."""

    exit_code = 1


class Busy(Exception):
    """Another maintenance command works on this instance."""

    exit_code = 4


class InUse(Exception):
    """Somebody is connected who shouldn't be, and stays: a person has to look."""

    exit_code = 3


class StoreUnreachable(Impossible):
    """The object store doesn't answer: to go on would only add to what is left."""
