# SPDX-License-Identifier: Apache-2.0
"""The binary is built as the distribution builds its own (hardening=+all)."""

import pathlib
import re
import subprocess

import pytest

from harness.process import BINARY


def readelf(*options):
    return subprocess.run(["readelf", "-W", *options, BINARY], capture_output=True, text=True,
                          check=True).stdout


@pytest.fixture(scope="module")
def imports():
    """The functions that the binary takes from libraries, without versions."""
    return {line.split()[7].partition("@")[0]
            for line in readelf("--dyn-syms").splitlines() if " UND " in line and " FUNC " in line}


def test_it_lies_at_a_random_address():
    assert re.search(r"Type: +DYN", readelf("-h"))
    assert "PIE" in readelf("-d")


def test_its_tables_are_read_only_once_it_runs():
    assert "GNU_RELRO" in readelf("-l")
    assert re.search(r"\((FLAGS|FLAGS_1)\).*\bNOW\b|BIND_NOW", readelf("-d"))


def test_its_stack_is_no_code():
    stack, = [line for line in readelf("-l").splitlines() if "GNU_STACK" in line]
    assert re.search(r" RW +0x", stack), stack


def test_an_overrun_of_the_stack_is_noticed(imports):
    assert "__stack_chk_fail" in imports


def test_copies_are_checked(imports):
    cache = pathlib.Path(BINARY).with_name("CMakeCache.txt")
    if cache.exists() and "CMAKE_BUILD_TYPE:STRING=Debug\n" in cache.read_text():
        pytest.skip("this needs an optimiser, which debug builds do without")
    assert [name for name in imports if name.endswith("_chk")]


def test_jumps_land_only_where_the_compiler_meant_them_to():
    if "X86-64" not in readelf("-h"):
        pytest.skip("of x86")
    address, = [int(line.split()[1], 16) for line in readelf("-s").splitlines()
                if line.split()[-1:] == ["main"] and " FUNC " in line]
    sections = re.findall(r"\] \.text +PROGBITS +([0-9a-f]+) ([0-9a-f]+)", readelf("-S"))
    start, offset = (int(number, 16) for number in sections[0])
    with open(BINARY, "rb") as binary:
        binary.seek(address - start + offset)
        head = binary.read(4)
        binary.seek(0)
        assert binary.read(4) == b"\x7fELF"
    assert head == b"\xf3\x0f\x1e\xfa", "main does not begin with endbr64"
