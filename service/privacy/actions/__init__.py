"""Asking for a copy, making it, closing an account, removing what is no longer kept."""
