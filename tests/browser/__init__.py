"""The product in a real browser, as people meet it."""
