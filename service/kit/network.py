"""Where somebody knocks from, as it is counted. Pure."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

LINE_BITS = 64  # what one subscriber is given: who has one IPv6 address has 2^64 of them


def line_of(address: str | None) -> str:
    """The line behind a network address: an IPv4 address as it is, of an IPv6 address the first 64 bits.

    An IPv4 address in IPv6 clothes counts as itself. What is no address at all is returned as it came, None as "".
    """
    try:
        found = ip_address(address or "")
    except ValueError:
        return address or ""
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    rest = 128 - LINE_BITS
    return f"{IPv6Address(int(found) >> rest << rest)}/{LINE_BITS}"
