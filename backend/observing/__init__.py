"""Saying what the service does: logs and metrics, by operation and without personal data."""
