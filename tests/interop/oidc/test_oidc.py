# SPDX-License-Identifier: Apache-2.0
"""OAuth tokens of a real provider, from its log-in to what signetd makes of them."""

import base64
import http.server
import json
import ssl
import subprocess
import threading
import time
import uuid

import pytest

from harness import rest
from harness.provider import RESOURCE, Provider, part
from harness.surfaces import Grpc, Rest

OWNER = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "EdDSA"]


@pytest.fixture
def provider():
    """A provider that the test starts, stops and rotates."""
    one = Provider()
    yield one
    one.kill()


@pytest.fixture
def trusting(start, provider):
    """Starts the provider, and a server that trusts it: trusting(*flags)."""

    def start_both(*flags, owner=OWNER, key_id="first"):
        provider.start(key_id)
        return start(f"--oauth_issuer={provider.issuer}", f"--oauth_audience={RESOURCE}",
                     f"--bootstrap_owner_user={owner}", *flags)

    return start_both


def create(server, token, surface=lambda s: Rest(s, "--http1.1")):
    return surface(server).create(server.first["account_id"], "by a person", token=token)


def who(server, token):
    return Rest(server, "--http1.1").self_(token=token)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_person_creates_a_service_account(provider, trusting, algorithm):
    provider.algorithm = algorithm
    server = trusting()
    token = provider.log_in(OWNER)["access_token"]
    assert part(token, 0)["typ"] == "at+jwt"
    assert part(token, 0)["alg"] == algorithm
    for surface in (lambda s: Rest(s, "--http2-prior-knowledge"), Grpc):
        made = create(server, token, surface)
        assert made.code == "OK"
        assert made.body["created_by_user_id"] == OWNER
        assert who(server, made.body["token"]).code == "OK"


def test_subject_is_read_in_any_case_and_kept_in_lower_case(provider, trusting):
    server = trusting()
    made = create(server, provider.log_in(OWNER.upper())["access_token"])
    assert made.body["created_by_user_id"] == OWNER


def test_subject_that_is_no_uuid_gets_one(provider, trusting):
    server = trusting(owner="auth0|alice")
    made = create(server, provider.log_in("auth0|alice")["access_token"])
    name_space = uuid.uuid5(uuid.NAMESPACE_URL, provider.issuer)
    assert made.body["created_by_user_id"] == str(uuid.uuid5(name_space, "auth0|alice"))


def test_what_a_service_account_creates_has_no_user(trusting):
    server = trusting()
    made = create(server, server.first["token"])
    assert made.code == "OK" and made.body["created_by_user_id"] is None


def test_a_person_without_authorization_is_denied(provider, trusting):
    server = trusting()
    refused = create(server, provider.log_in(str(uuid.uuid4()))["access_token"])
    assert refused.code == "PERMISSION_DENIED"


def test_tokens_for_another_purpose_are_refused(provider, trusting):
    server = trusting()
    tokens = provider.log_in(OWNER)
    machine = provider.machine_token()
    assert part(machine, 1)["sub"] == part(machine, 1)["client_id"]
    for token in (tokens["id_token"], machine, tokens["access_token"][:-4] + "AAAA"):
        refused = create(server, token)
        assert (refused.code, refused.reason) == ("UNAUTHENTICATED", "TOKEN_INVALID")


def test_token_for_another_audience_is_refused(start, provider):
    provider.start("first")
    server = start(f"--oauth_issuer={provider.issuer}",
                   "--oauth_audience=https://elsewhere.example.com",
                   f"--bootstrap_owner_user={OWNER}")
    refused = create(server, provider.log_in(OWNER)["access_token"])
    assert (refused.code, refused.reason) == ("UNAUTHENTICATED", "TOKEN_INVALID")


@pytest.mark.parametrize("scope, code", [("signet", "OK"), ("root", "PERMISSION_DENIED")])
def test_required_scope(provider, trusting, scope, code):
    server = trusting(f"--oauth_required_scope={scope}")
    token = provider.log_in(OWNER)["access_token"]
    answer = rest.request(server, "POST", server.accounts_path, token=token,
                          json_body={"name": "scoped"})
    assert answer.status == (201 if code == "OK" else 403)
    if code != "OK":
        assert answer.json()["reason"] == "INSUFFICIENT_SCOPE"
        assert 'error="insufficient_scope"' in answer.value("www-authenticate")


def test_without_an_issuer_oauth_tokens_are_refused(start, provider):
    provider.start("first")
    server = start(f"--bootstrap_owner_user={OWNER}")
    refused = create(server, provider.log_in(OWNER)["access_token"])
    assert (refused.code, refused.reason) == ("UNAUTHENTICATED", "TOKEN_INVALID")


def eventually(what, wanted, seconds=30):
    """`what()` until it is `wanted`: keys are fetched once in ten seconds at most."""
    end = time.monotonic() + seconds
    while (answer := what()) != wanted:
        assert time.monotonic() < end, answer
        time.sleep(0.5)


def test_rotation_and_outage(provider, trusting):
    server = trusting()
    old = provider.log_in(OWNER)["access_token"]
    assert who(server, old).code == "OK"

    # The same issuer with another key.
    provider.kill()
    provider.start("second")
    new = provider.log_in(OWNER)["access_token"]
    assert part(new, 0)["kid"] == "second"
    eventually(lambda: who(server, new).code, "OK")
    assert who(server, old).reason == "TOKEN_INVALID"

    # Gone: what is known stays good, and what is not cannot be decided.
    provider.kill()
    assert who(server, new).code == "OK"
    eventually(lambda: who(server, old).reason, "ISSUER_UNAVAILABLE")
    answer = rest.request(server, "GET", "/v1/public/auth/self", token=old)
    assert answer.status == 503
    assert 1 <= int(answer.value("retry-after")) <= 10
    assert who(server, new).code == "OK"
    assert who(server, new[:-4] + "AAAA").reason == "TOKEN_INVALID"
    assert who(server, server.first["token"]).code == "OK"

    # Back, with the first key's name on a third key.
    provider.start("first")
    third = provider.log_in(OWNER)["access_token"]
    eventually(lambda: who(server, third).code, "OK")
    assert who(server, old).reason == "TOKEN_INVALID"
    assert server.stop() == 0


def test_start_needs_no_issuer(provider, trusting):
    server = trusting()
    provider_token = provider.log_in(OWNER)["access_token"]
    server.stop()
    provider.kill()
    server.start()
    assert who(server, server.first["token"]).code == "OK"
    assert who(server, provider_token).reason == "ISSUER_UNAVAILABLE"


def test_no_token_reaches_the_log(provider, trusting):
    server = trusting()
    token = provider.log_in(OWNER)["access_token"]
    bad = token[:-4] + "AAAA"
    assert create(server, token).code == "OK"
    assert create(server, bad).reason == "TOKEN_INVALID"
    assert server.stop() == 0
    text = server.stderr.read_text()
    for piece in token.split(".")[1:]:
        assert piece[:40] not in text
    why = [json.loads(line) for line in text.splitlines() if "OAuth token refused" in line]
    assert [line["why"] for line in why] == ["signature: want one by the issuer's key"]


class _Discovery(http.server.BaseHTTPRequestHandler):
    """Answers every request with the metadata of the server that it is."""

    def do_GET(self):
        body = json.dumps({"issuer": self.server.issuer,
                           "jwks_uri": f"{self.server.issuer}/jwks"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.server.answered += 1

    def log_message(self, *_):
        pass


@pytest.fixture
def untrusted(tmp_path):
    """An https server whose certificate nobody has signed but itself."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", tmp_path / "key", "-out", tmp_path / "certificate",
         "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate", tmp_path / "key")
    server = http.server.HTTPServer(("127.0.0.1", 0), _Discovery)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.issuer = f"https://127.0.0.1:{server.server_address[1]}"
    server.answered = 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_issuer_without_a_trusted_certificate_is_not_heard(start, provider, untrusted):
    server = start(f"--oauth_issuer={untrusted.issuer}", f"--oauth_audience={RESOURCE}")
    provider.start("first")
    header, claims, signature = provider.log_in(OWNER)["access_token"].split(".")
    named = json.dumps(part(f".{claims}.", 1) | {"iss": untrusted.issuer}).encode()
    claims = base64.urlsafe_b64encode(named).rstrip(b"=").decode()
    assert who(server, f"{header}.{claims}.{signature}").reason == "ISSUER_UNAVAILABLE"
    assert untrusted.answered == 0
    assert "certificate" in server.stderr.read_text()
