# SPDX-License-Identifier: Apache-2.0
"""HTTP requests by curl, so that a client we did not write judges the answers."""

import dataclasses
import json
import subprocess

HTTP_VERSIONS = ("--http1.1", "--http2-prior-knowledge")


@dataclasses.dataclass
class Answer:
    status: int
    fields: list  # (name in lower case, value), in order.
    body: bytes

    def values(self, name):
        return [value for field, value in self.fields if field == name]

    def value(self, name):
        """The field's only value, or None."""
        values = self.values(name)
        assert len(values) < 2, f"{name} is there {len(values)} times"
        return values[0] if values else None

    def json(self):
        return json.loads(self.body)

    def comparable(self):
        """What must be identical where the contract says that answers are."""
        fields = [(n, v) for n, v in self.fields if n not in ("date", "x-request-id")]
        body = self.body
        request_id = self.value("x-request-id")
        if request_id:
            body = body.replace(request_id.encode(), b"REQUEST-ID")
        return self.status, sorted(fields), body


def request(server, method, path, *, token=None, json_body=None, body=None,
            fields=(), http="--http1.1", extra=()):
    """Sends one request. `fields` are "Name: value" lines."""
    command = ["curl", "-sS", "-i", http, "--path-as-is", "--max-time", "20",
               "-X", method, server.rest + path, *extra]
    if method == "HEAD":
        command.append("--head")
    fields = list(fields)
    if token is not None:
        fields.append(f"Authorization: Bearer {token}")
    if json_body is not None:
        body = json.dumps(json_body)
        fields.append("Content-Type: application/json")
    if body is not None:
        command += ["--data-binary", "@-"]
        if not any(f.lower().startswith("content-type") for f in fields):
            fields.append("Content-Type:")  # Not curl's own default.
    for field in fields:
        command += ["-H", field]
    if isinstance(body, str):
        body = body.encode()
    done = subprocess.run(command, input=body or b"", capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr.decode()
    return _parse(done.stdout)


def _parse(raw):
    head, _, body = raw.partition(b"\r\n\r\n")
    while head.split(b"\r\n")[0].split()[1] == b"100":
        head, _, body = body.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    fields = []
    for line in lines[1:]:
        name, _, value = line.partition(":")
        fields.append((name.strip().lower(), value.strip()))
    return Answer(int(lines[0].split()[1]), fields, body)
