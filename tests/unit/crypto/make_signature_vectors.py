#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes signature_vectors.h: signatures by fresh keys, good ones and forgeries.

A second implementation (python3-cryptography, which is OpenSSL, and plain integer
arithmetic for what no library would sign) says what is right. Run by hand:
    tests/unit/crypto/make_signature_vectors.py > .../signature_vectors.h
"""
import base64
import hashlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

MESSAGE = b"header.payload"
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
SHA256_INFO_WITHOUT_NULL = bytes.fromhex("302f300b0609608648016503040201" + "0420")


def text(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def literal(value, indent):
    lines = [value[i:i + 60] for i in range(0, len(value), 60)] or [""]
    return ("\n" + " " * indent).join(f'"{line}"' for line in lines)


def constant(name, data):
    print(f"inline constexpr char {name}[] =\n    {literal(text(data), 4)};\n")


def table(name, rows):
    print(f"inline const std::vector<SignatureVector> {name} = {{")
    for label, algorithm, signature, good in rows:
        print(f'    {{"{label}", SignatureAlgorithm::{algorithm},\n'
              f'     {literal(text(signature), 5)},\n'
              f'     {"true" if good else "false"}}},')
    print("};\n")


def rsa_rows(key):
    n, d, size = key.public_key().public_numbers().n, key.private_numbers().d, 256
    digest = hashlib.sha256(MESSAGE).digest()

    def raw(block):
        assert len(block) == size
        return pow(int.from_bytes(block, "big"), d, n).to_bytes(size, "big")

    def padded(info, kind=b"\x01", fill=b"\xff", tail=b"", short=0):
        end = b"\x00" + info + tail
        count = size - 2 - len(end) - short
        return b"\x00" + kind + fill * count + end + b"\x00" * short

    def pss(salt, hash_=hashes.SHA256(), mgf=hashes.SHA256()):
        return key.sign(MESSAGE, padding.PSS(padding.MGF1(mgf), salt), hash_)

    info = SHA256_INFO + digest
    good = raw(padded(info))
    assert good == key.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256())
    wrapped = int.from_bytes(good, "big") + n
    yield "Rs256", "kRs256", good, True
    yield "Rs256OverSha1", "kRs256", key.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA1()), False
    yield "Rs256OverSha512", "kRs256", key.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA512()), False
    yield "Rs256WithoutNull", "kRs256", raw(padded(SHA256_INFO_WITHOUT_NULL + digest)), False
    yield "Rs256BlockType2", "kRs256", raw(padded(info, kind=b"\x02")), False
    yield "Rs256ZeroFill", "kRs256", raw(padded(info, fill=b"\x00")), False
    yield "Rs256BytesAfterDigest", "kRs256", raw(padded(info, short=190)), False
    yield "Rs256NullWithContent", "kRs256", raw(padded(
        bytes.fromhex("3033300f06096086480165030402010502cafe0420") + digest)), False
    yield "Rs256BareDigest", "kRs256", raw(padded(digest)), False
    yield "Rs256Zero", "kRs256", bytes(size), False
    yield "Rs256One", "kRs256", (1).to_bytes(size, "big"), False
    yield "Rs256ModulusMinusOne", "kRs256", (n - 1).to_bytes(size, "big"), False
    yield "Rs256Modulus", "kRs256", n.to_bytes(size, "big"), False
    yield "Rs256PlusModulus", "kRs256", wrapped.to_bytes(size + 1, "big"), False
    yield "Rs256LeadingZero", "kRs256", b"\x00" + good, False
    yield "Rs256Cut", "kRs256", good[:-1], False
    yield "Rs256Empty", "kRs256", b"", False
    yield "Rs256AsPs256", "kPs256", good, False
    yield "Ps256", "kPs256", pss(32), True
    yield "Ps256AsRs256", "kRs256", pss(32), False
    for salt in (0, 20, 31, 33, 222):
        yield f"Ps256Salt{salt}", "kPs256", pss(salt), False
    yield "Ps256MgfSha1", "kPs256", pss(32, mgf=hashes.SHA1()), False
    yield "Ps256OverSha512", "kPs256", pss(32, hash_=hashes.SHA512()), False
    yield "Ps256Zero", "kPs256", bytes(size), False
    yield "Ps256LeadingZero", "kPs256", b"\x00" + pss(32), False


def ec_rows(key, algorithm, hash_, other_hash, order, size):
    def join(r, s):
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    der = key.sign(MESSAGE, ec.ECDSA(hash_))
    r, s = utils.decode_dss_signature(der)
    other = utils.decode_dss_signature(key.sign(MESSAGE, ec.ECDSA(other_hash)))
    yield "Good", algorithm, join(r, s), True
    # ECDSA lets anyone turn s into -s; RFC 7518 does not forbid either.
    yield "OtherS", algorithm, join(r, order - s), True
    yield "OtherHash", algorithm, join(*other), False
    yield "Der", algorithm, der, False
    yield "Swapped", algorithm, join(s, r), False
    yield "BothZero", algorithm, join(0, 0), False
    yield "RZero", algorithm, join(0, s), False
    yield "SZero", algorithm, join(r, 0), False
    yield "ROrder", algorithm, join(order, s), False
    yield "SOrder", algorithm, join(r, order), False
    yield "BothOne", algorithm, join(1, 1), False
    yield "AllOnes", algorithm, b"\xff" * (2 * size), False
    yield "Cut", algorithm, join(r, s)[:-1], False
    yield "Long", algorithm, join(r, s) + b"\x00", False
    yield "LeadingZeros", algorithm, b"\x00" + r.to_bytes(size, "big") + b"\x00" + s.to_bytes(size, "big"), False
    yield "Empty", algorithm, b"", False


def ed25519_rows(key):
    order = 2**252 + 27742317777372353535851937790883648493
    good = key.sign(MESSAGE)
    s = int.from_bytes(good[32:], "little")
    yield "Good", "kEdDsa", good, True
    # RFC 8032 section 5.1.7: S must lie below the group's order.
    yield "SPlusOrder", "kEdDsa", good[:32] + (s + order).to_bytes(32, "little"), False
    yield "SZero", "kEdDsa", good[:32] + bytes(32), False
    yield "OtherMessage", "kEdDsa", key.sign(MESSAGE + b"!"), False
    yield "Zero", "kEdDsa", bytes(64), False
    yield "AllOnes", "kEdDsa", b"\xff" * 64, False
    yield "Cut", "kEdDsa", good[:-1], False
    yield "Long", "kEdDsa", good + b"\x00", False
    yield "Empty", "kEdDsa", b"", False


def main():
    print("""// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_SERVER_CRYPTO_SIGNATURE_VECTORS_H_
#define SIGNET_TESTS_UNIT_SERVER_CRYPTO_SIGNATURE_VECTORS_H_

#include <string>
#include <vector>

#include "crypto/public_key.h"

// Written by make_signature_vectors.py. Every signature is of kMessage; keys and
// signatures are base64url (RFC 4648 section 5) without padding.

namespace signet {

struct SignatureVector {
  std::string name;
  SignatureAlgorithm algorithm;
  std::string signature;
  bool good;
};

// clang-format off
""")
    print(f'inline constexpr char kMessage[] = "{MESSAGE.decode()}";\n')

    key = rsa.generate_private_key(65537, 2048)
    constant("kRsaModulus", key.public_key().public_numbers().n.to_bytes(256, "big"))
    table("kRsaVectors", rsa_rows(key))

    for name, curve, algorithm, hash_, other_hash, order, size in (
        ("P256", ec.SECP256R1(), "kEs256", hashes.SHA256(), hashes.SHA384(),
         0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551, 32),
        ("P384", ec.SECP384R1(), "kEs384", hashes.SHA384(), hashes.SHA256(),
         0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973, 48)):
        key = ec.generate_private_key(curve)
        numbers = key.public_key().public_numbers()
        constant(f"k{name}X", numbers.x.to_bytes(size, "big"))
        constant(f"k{name}Y", numbers.y.to_bytes(size, "big"))
        table(f"k{name}Vectors", ec_rows(key, algorithm, hash_, other_hash, order, size))

    key = ed25519.Ed25519PrivateKey.generate()
    constant("kEd25519Key", key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
    table("kEd25519Vectors", ed25519_rows(key))

    print("""// clang-format on

}  // namespace signet

#endif  // SIGNET_TESTS_UNIT_SERVER_CRYPTO_SIGNATURE_VECTORS_H_""")


main()
