# SPDX-License-Identifier: Apache-2.0
"""The text of a token, by the contract alone."""

import re
import zlib

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SHAPE = re.compile(r"(\w+)_([0-9A-Za-z]{16})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})")


def parse(text):
    """(prefix, public id, secret); fails unless shape and checksum are right."""
    match = _SHAPE.fullmatch(text)
    assert match, "not the shape of a token"
    assert checksum(text[:-6]) == match[4], "wrong checksum"
    return match[1], match[2], match[3]


def checksum(text):
    number = zlib.crc32(text.encode())
    digits = ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    return digits


def with_checksum(text):
    """A token that is well-formed, whoever made it."""
    return text + checksum(text)


INVENTED = with_checksum("hbx_sa_0000000000000000_" + "A" * 43)
