# SPDX-License-Identifier: Apache-2.0
"""Writes bazel/rooms.bzl from rooms.json, which Bazel cannot read itself."""

import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[1]
SOURCE = ROOT / "rooms.json"
TARGET = ROOT / "bazel" / "rooms.bzl"

_HEAD = '''# SPDX-License-Identifier: Apache-2.0
"""The rooms, as rooms.json has them. Generated: ./dev rooms."""

'''


def _list(items, indent):
    if not items:
        return "[]"
    if len(items) == 1:
        return f'["{items[0]}"]'
    inner = "".join(f'{indent}    "{item}",\n' for item in items)
    return f"[\n{inner}{indent}]"


def generate(text):
    """bazel/rooms.bzl for the text of a rooms.json."""
    rooms = json.loads(text)
    lines = [_HEAD, "ROOMS = {\n"]
    for name, room in rooms.items():
        libraries = room.get("libraries", []) + room.get("private_libraries", [])
        lines.append(f'    "{name}": struct(\n        folder = "{room["folder"]}",\n')
        for key, items in (
            ("doors", room["doors"]),
            ("libraries", libraries),
            ("private_libraries", room.get("private_libraries", [])),
            ("test_doors", room.get("test_doors", [])),
        ):
            lines.append(f"        {key} = {_list(items, ' ' * 8)},\n")
        lines.append("    ),\n")
    lines.append("}\n")
    return "".join(lines)


if __name__ == "__main__":
    TARGET.write_text(generate(SOURCE.read_text()))
