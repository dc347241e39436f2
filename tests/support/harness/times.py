# SPDX-License-Identifier: Apache-2.0
"""Times as requests have them."""

import datetime


def when(seconds):
    """RFC 3339, to the microsecond, of so many seconds from now by this process's clock."""
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
