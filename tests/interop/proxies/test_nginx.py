# SPDX-License-Identifier: Apache-2.0
"""What is nginx's own: the question is a location of its configuration."""

import pytest
from proxies import Nginx


@pytest.mark.parametrize("path", ["/_signet/check", "/_signet/check/mailbox.create", "/_signet/x"])
def test_the_question_itself_is_not_served(run_proxy, create, path):
    assert run_proxy(Nginx).ask(path=path, token=create()["token"]).status == 404


class OtherCapabilities(Nginx):
    changes = [("location /mail/ {", """location /s3/ {{
        auth_request /_signet/check/s3.read_all;
        proxy_pass http://app;
    }}
    location /misspelt/ {{
        auth_request /_signet/check/S3.read;
        proxy_pass http://app;
    }}
    location /mail/ {{""")]


def test_asks_for_every_capability_that_there_may_be(run_proxy, create):
    nginx = run_proxy(OtherCapabilities)
    assert nginx.ask(path="/s3/", token=create("s3.read_all")["token"]).status == 200
    assert nginx.ask(path="/s3/", token=create("s3.read")["token"]).status == 403
    assert nginx.ask(path="/misspelt/", token=create("s3.read")["token"]).status == 500
    assert not any("No such file" in log for log in nginx.logs())  # None is looked for.
