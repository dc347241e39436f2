# SPDX-License-Identifier: Apache-2.0
"""What is nginx's own: the question is a location of its configuration."""

import pytest
from proxies import Nginx


@pytest.mark.parametrize("path", ["/_signet/check", "/_signet/check/mailbox.create", "/_signet/x"])
def test_the_question_itself_is_not_served(run_proxy, create, path):
    assert run_proxy(Nginx).ask(path=path, token=create()["token"]).status == 404
