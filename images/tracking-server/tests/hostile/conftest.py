"""A server for the shape of each tier, and one database of large data for all."""

from tests.support.hostile_tiers import hostile_uri, tier  # noqa: F401
