"""Roles of access tokens, ordered as in MLflow: READ < EDIT < MANAGE < administrator."""

from enum import IntEnum


class Role(IntEnum):
    READ = 1
    EDIT = 2
    MANAGE = 3
    ADMIN = 4

    @classmethod
    def parse(cls, text: object) -> "Role":
        for role in cls:
            if role.name.lower() == text:
                return role
        raise ValueError(f"unknown role {text!r}: expected read, edit, manage or admin")
