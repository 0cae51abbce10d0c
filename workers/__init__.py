"""Celery: when work runs and on which queue. Every decision lives in service/<domain>/actions."""
