"""Workloads: identities that exist elsewhere and send signed job tokens. The instance stores no secret of them."""
