# SPDX-License-Identifier: Apache-2.0
"""Which C++ test executables hold what is to be tested.

test_targets.py suite NAME: those whose sources have a GoogleTest suite NAME, a line each.
test_targets.py executables: all of them.
test_targets.py changed: reads paths of changed files from standard input, a line each, and
prints the executables of the rooms that they lie in.
"""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
_SUITE = re.compile(r"^\s*(?:TYPED_)?TEST(?:_F|_P)?\(\s*(\w+)\s*,", re.MULTILINE)
_INSTANCE = re.compile(
    r"^\s*INSTANTIATE_(?:TYPED_)?TEST_SUITE_P\(\s*\w+\s*,\s*(\w+)", re.MULTILINE
)


def targets():
    """The folder of the sources of each executable."""
    rooms = json.loads((ROOT / "rooms.json").read_text())
    found = {
        f"{name}_test": ROOT / "tests" / "unit" / room["folder"]
        for name, room in rooms.items()
    }
    found["conformance_test"] = ROOT / "tests" / "conformance"
    found["crypto_isolation_test"] = ROOT / "tests" / "isolation"
    return {name: folder for name, folder in found.items() if any(folder.glob("*.cc"))}


def with_suite(suite):
    """The executables that have tests of this suite."""
    for name, folder in targets().items():
        for source in folder.glob("*.cc"):
            text = source.read_text()
            if suite in _SUITE.findall(text) or suite in _INSTANCE.findall(text):
                yield name
                break


def of_changed(paths):
    """The executables of the rooms that these files belong to."""
    rooms = json.loads((ROOT / "rooms.json").read_text())
    folders = {room["folder"]: f"{name}_test" for name, room in rooms.items()}
    folders |= {"tests/conformance": "conformance_test", "tests/isolation": "crypto_isolation_test"}
    known = targets()
    for path in paths:
        folder = str(pathlib.PurePosixPath(path).parent)
        name = folders.get(folder.removeprefix("tests/unit/"))
        if name in known and path.endswith((".cc", ".h")):
            yield name
        if folder.startswith("storage"):
            yield "conformance_test"


def main():
    if sys.argv[1] == "suite":
        names = with_suite(sys.argv[2])
    elif sys.argv[1] == "executables":
        names = targets()
    else:
        names = of_changed(sys.stdin.read().split())
    print("\n".join(sorted(set(names))))


if __name__ == "__main__":
    main()
