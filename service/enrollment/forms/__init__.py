"""The shape of what people send on the way in."""
