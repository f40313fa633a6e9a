from tests.maintenance.conftest import migrated_template, world  # noqa: F401
