"""The outbox: every message is a row first, leaves after the facts are safe, and ends in a state people can see."""
