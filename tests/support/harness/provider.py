# SPDX-License-Identifier: Apache-2.0
"""A running tests/interop/oidc/issuer.mjs, and what a browser and an app do with it."""

import base64
import hashlib
import http.cookiejar
import json
import secrets
import subprocess
import urllib.error
import urllib.parse
import urllib.request

from harness.process import ROOT

RESOURCE = "https://signet.example.com"
_SCRIPT = ROOT / "tests" / "interop" / "oidc" / "issuer.mjs"
_CALLBACK = "http://127.0.0.1/callback"


class Provider:
    """Listens on a port of the system's choice, the same after every start."""

    def __init__(self, algorithm="ES256"):
        self.algorithm = algorithm
        self.process = None
        self.issuer = None
        self._port = 0

    def start(self, key_id):
        """Starts it with a fresh key of that id, and no memory of the last one."""
        self.process = subprocess.Popen(
            ["node", _SCRIPT, str(self._port), key_id, self.algorithm,
             RESOURCE],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True)
        line = self.process.stdout.readline()
        assert line, "the issuer did not start; see `npm ci` in tests/interop"
        self.issuer = json.loads(line)["issuer"]
        self._port = urllib.parse.urlsplit(self.issuer).port
        return self

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None

    def log_in(self, user):
        """The tokens that `user` gets for the app: code flow with PKCE (RFC 7636)."""
        verifier = secrets.token_urlsafe(32)
        digest = hashlib.sha256(verifier.encode()).digest()
        code = self._authorize({
            "client_id": "app", "response_type": "code", "redirect_uri": _CALLBACK,
            "scope": "openid signet", "resource": RESOURCE, "login_hint": user,
            "code_challenge_method": "S256",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode()})
        return self._token({
            "grant_type": "authorization_code", "client_id": "app", "code": code,
            "redirect_uri": _CALLBACK, "code_verifier": verifier})

    def machine_token(self):
        """What a client gets for itself (RFC 6749 section 4.4)."""
        return self._token({
            "grant_type": "client_credentials", "client_id": "machine",
            "client_secret": "machine-secret", "scope": "signet",
            "resource": RESOURCE})["access_token"]

    def _authorize(self, query):
        browser = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), _NoRedirect(),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        url = f"{self.issuer}/auth?{urllib.parse.urlencode(query)}"
        for _ in range(10):
            answer = browser.open(url, timeout=10)
            url = urllib.parse.urljoin(url, answer.headers["Location"])
            if url.startswith(_CALLBACK):
                return urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)["code"][0]
        raise AssertionError("the log-in leads nowhere")

    def _token(self, form):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        body = urllib.parse.urlencode(form).encode()
        with opener.open(f"{self.issuer}/token", body, timeout=10) as answer:
            return json.load(answer)


class _NoRedirect(urllib.request.HTTPErrorProcessor):
    """Hands out redirects as answers, so that cookies and callback are seen."""

    def http_response(self, _, response):
        return response


def part(token, index):
    """The header (0) or the claims (1) of a JWT."""
    text = token.split(".")[index]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
