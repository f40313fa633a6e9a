"""The audit: one row in the instance's own database for each change and, counted, for what was
refused.
"""
