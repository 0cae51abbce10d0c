"""Keeping the house: turning its keys, copying it away, and proving that the copy can be lived in again.

These are chores of whoever runs the service, done from the command line as the database's owner. No page leads here.
"""
