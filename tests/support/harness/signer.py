# SPDX-License-Identifier: Apache-2.0
"""An issuer of OAuth access tokens (RFC 9068) that is a key and a JWK set in a folder."""

import base64
import json
import subprocess
import time
import uuid

ISSUER, AUDIENCE = "https://issuer.example", "https://signet.example"


def _base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True,
                          check=True, timeout=30).stdout


class Signer:
    """Signs with RS256."""

    def __init__(self, folder):
        self._key, self.key_set = folder / "key.pem", folder / "jwks.json"
        _openssl("genrsa", "-out", self._key, "2048")
        modulus = _openssl("rsa", "-in", self._key, "-noout", "-modulus").decode()
        self.key_set.write_text(json.dumps({"keys": [{
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "k", "e": "AQAB",
            "n": _base64url(bytes.fromhex(modulus.strip().removeprefix("Modulus=")))}]}))

    def flags(self, issuer=ISSUER):
        """For a server that trusts it."""
        return [f"--oauth_issuer={issuer}", f"--oauth_audience={AUDIENCE}",
                f"--oauth_jwks_file={self.key_set}"]

    def token(self, subject, seconds=600, issuer=ISSUER, **claims):
        now = int(time.time())
        parts = [{"alg": "RS256", "typ": "at+jwt", "kid": "k"},
                 {"iss": issuer, "aud": AUDIENCE, "sub": subject, "client_id": "app",
                  "iat": now, "exp": now + seconds, "jti": str(uuid.uuid4()), **claims}]
        text = ".".join(_base64url(json.dumps(part).encode()) for part in parts)
        signature = _openssl("dgst", "-sha256", "-sign", self._key, data=text.encode())
        return f"{text}.{_base64url(signature)}"
