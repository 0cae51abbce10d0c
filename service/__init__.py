"""Homeward: the Flask application and everything it knows. Start at README.md, then service/app.py."""
