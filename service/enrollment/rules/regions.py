"""The states and territories a person may live in, for the waitlist. USPS codes (Publication 28, appendix B)."""

from __future__ import annotations

from collections.abc import Collection

_NAMES = """
AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|DE Delaware
DC District of Columbia|FL Florida|GA Georgia|GU Guam|HI Hawaii|ID Idaho|IL Illinois|IN Indiana|IA Iowa|KS Kansas
KY Kentucky|LA Louisiana|ME Maine|MD Maryland|MA Massachusetts|MI Michigan|MN Minnesota|MS Mississippi|MO Missouri
MT Montana|NE Nebraska|NV Nevada|NH New Hampshire|NJ New Jersey|NM New Mexico|NY New York|NC North Carolina
ND North Dakota|OH Ohio|OK Oklahoma|OR Oregon|PA Pennsylvania|PR Puerto Rico|RI Rhode Island|SC South Carolina
SD South Dakota|TN Tennessee|TX Texas|UT Utah|VT Vermont|VA Virginia|VI U.S. Virgin Islands|WA Washington
WV West Virginia|WI Wisconsin|WY Wyoming
"""
REGIONS = dict(entry.split(" ", 1) for line in _NAMES.strip().splitlines() for entry in line.split("|"))


def waiting_regions(open_states: Collection[str]) -> dict[str, str]:
    """Code to name of every region where we are not open, by name."""
    waiting = {code: name for code, name in REGIONS.items() if code not in open_states}
    return dict(sorted(waiting.items(), key=lambda entry: entry[1]))
