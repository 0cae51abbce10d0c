"""Passwords that everybody tries first. Pure.

A short list of our own, as a first step: length is what protects (ASVS 5.0 6.2.4 asks for the 3,000 most common).
"""

from __future__ import annotations

_WORDS = """
12345678 123456789 1234567890 11111111 00000000 87654321 11223344 12341234 123123123 147258369 password password1
password12 password123 passw0rd p@ssword p@ssw0rd qwertyui qwertyuiop qwerty123 qwerty12 1q2w3e4r 1qaz2wsx q1w2e3r4
zaq12wsx asdfghjk asdfghjkl zxcvbnm1 iloveyou iloveyou1 sunshine sunshine1 princess princess1 football football1
baseball baseball1 basketball superman superman1 batman123 welcome1 welcome123 letmein1 letmein123 trustno1 whatever
computer internet michelle jennifer jessica1 charlie1 michael1 jordan23 abcd1234 abc12345 a1b2c3d4 changeme changeme1
secret123 hello123 hello1234 starwars dragon123 monkey123 master123 shadow123 killer123 samsung1 pokemon1 corvette
mustang1 midnight maverick liverpool chocolate butterfly elephant victoria veronica samantha admin123 administrator
test1234 testtest guest123 default1 spring2026 summer2026 autumn2026 winter2026 january1 november november1 florida1
newjersey newjersey1 homeward homeward1 homeward123
"""
COMMON = frozenset(_WORDS.split())


def is_common(password: str) -> bool:
    """Is it one of the first that somebody would try, in any capitals?"""
    return password.strip().lower() in COMMON
