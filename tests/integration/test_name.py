# SPDX-License-Identifier: Apache-2.0
"""The rule on names, the same on every surface."""

import pytest

from harness import rest

GOOD = {
    "one letter": "a",
    "120 letters": "a" * 120,
    "120 code points in 480 bytes": "\U0001f511" * 120,
    "spaces around": "  deploy bot  ",
    "not normalised": "e\u0301 \u00e9",
    "zero width joiner": "a\u200db",
    "soft hyphen and tag": "a\u00adb\U000e0041",
    "private use": "\ue000",
    "unassigned": "\u0378",
    "quotes and markup": "\"'<b>&\\/{}$(x)`;--",
    "right to left letters": "\u05d0\u05d1",
}

BAD = {
    "empty": "",
    "121 letters": "a" * 121,
    "121 code points": "\U0001f511" * 121,
    "space": " ",
    "no-break spaces": "\u00a0\u00a0",
    "ideographic space": "\u3000",
    "tab inside": "a\tb",
    "NUL": "a\x00b",
    "escape": "a\x1bb",
    "line feed": "a\nb",
    "DEL": "a\x7fb",
    "C1": "a\u0085b",
    "bidirectional override": "a\u202eb",
    "bidirectional embedding": "a\u202ab",
    "isolate": "a\u2066b",
    "end of isolate": "a\u2069b",
    "line separator": "a\u2028b",
    "paragraph separator": "a\u2029b",
    "noncharacter": "a\ufffeb",
    "noncharacter of the block": "a\ufdd0b",
    "noncharacter of plane 16": "a\U0010ffffb",
}


@pytest.mark.parametrize("name", GOOD.values(), ids=GOOD)
def test_good_name_is_kept_byte_for_byte(server, surface, name):
    first = server.first
    created = surface.create(first["account_id"], name, token=first["token"])
    assert created.code == "OK"
    got = surface.get(first["account_id"], created.body["id"], token=first["token"])
    assert got.body["name"].encode() == name.encode()


@pytest.mark.parametrize("name", BAD.values(), ids=BAD)
def test_bad_name_is_refused(server, surface, name):
    first = server.first
    refused = surface.create(first["account_id"], name, token=first["token"])
    assert (refused.code, refused.faults) == ("INVALID_ARGUMENT", ("name",))


def test_name_is_required(server):
    refused = rest.request(server, "POST", server.accounts_path,
                           token=server.first["token"], json_body={})
    assert refused.status == 400
    assert [e["field"] for e in refused.json()["errors"]] == ["name"]


def test_every_field_at_fault_is_named(server, surface):
    first = server.first
    refused = surface.create(first["account_id"], "", token=first["token"],
                             expires_at="2001-01-01T00:00:00Z")
    assert sorted(refused.faults) == ["expires_at", "name"]
