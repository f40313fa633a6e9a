"""How long rows of the audit stay, in days. components/internal/bounds.ts has the same bounds."""

DEFAULT_DAYS, LEAST_DAYS, MOST_DAYS = 180, 30, 3650
