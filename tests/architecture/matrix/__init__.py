"""Every route as everybody. To add a route, declare its door; to add an id to an address, add a line to `things.py`.

`things` makes the object behind each name in an address, `people` makes everybody who may knock, and `expected` says
what each of them must hear. `tests/architecture/test_matrix.py` walks the whole url_map with all three.
"""
