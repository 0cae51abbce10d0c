"""The public face: what Homeward is, what it costs, where it is open, and how to reach help.

Nothing here knows who is reading. No page sets a cookie before it must, and none loads anything from elsewhere.
"""
