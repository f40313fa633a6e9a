"""Workloads: identities that exist elsewhere and send signed job tokens. Nothing of them is stored here."""
