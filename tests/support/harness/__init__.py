# SPDX-License-Identifier: Apache-2.0
"""What the Python tests talk to a real signetd with."""
