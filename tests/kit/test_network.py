"""Counting by network address: whoever has one IPv6 address has 2^64 of them."""

from __future__ import annotations

import pytest
from flask import Flask

from service.kit.limits import limiter
from service.kit.network import line_of


@pytest.mark.parametrize(
    ("address", "line"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("not an address", "not an address"),
        ("", ""),
        (None, ""),
    ],
)
def test_addresses_of_one_line_are_counted_as_one(address: str | None, line: str) -> None:
    assert line_of(address) == line


def test_the_limits_of_the_pages_count_lines(app: Flask) -> None:
    keys = set()
    for address in ("2001:db8:1:2::1", "2001:db8:1:2::2"):
        with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
            keys.add(limiter._key_func())
    assert keys == {"2001:db8:1:2::/64"}
