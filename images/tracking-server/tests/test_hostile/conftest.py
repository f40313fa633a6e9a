"""All that a token may send, eight at once: no restart, memory below four fifths of the limit, and
a neighbour's search goes on.

A server for the shape of each tier, and one database, for the whole folder. Each request by itself
is in tests/hostile, which is run by name.
"""

from tests.support.hostile_tiers import hostile_uri, tier  # noqa: F401
