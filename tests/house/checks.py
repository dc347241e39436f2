# SPDX-License-Identifier: Apache-2.0
"""Rules on the source tree. Each takes {path: text} and yields problems."""

import pathlib
import re
import sys

from rooms import OUTSIDE, ROOMS, read

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "dev.d"))
from rooms_bzl import generate  # noqa: E402

_CODE = (".cc", ".h")
_MAX_LINES = 500
_MAX_FILES = 50

_INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)
_GENERATED = re.compile(r"(signet/v1|envoy/service/auth/v3|google/(api|rpc)|grpc/health/v1)/\w+(\.grpc)?\.pb\.h")
_FOLDERS = {room.folder: name for name, room in ROOMS.items()}


def _code(tree, *suffixes):
    return ((p, t) for p, t in tree.items() if p.endswith(suffixes or _CODE))


def _folder(path):
    return path.rpartition("/")[0]


def _room_of_include(header):
    if _GENERATED.fullmatch(header):
        return "proto"
    return _FOLDERS.get(_folder(header))


def every_file_has_a_room(tree):
    """Source files lie in a room's folder or under tests."""
    for path, _ in _code(tree):
        if not path.startswith("tests/") and _folder(path) not in _FOLDERS:
            yield f"{path}: its folder is no room; see rooms.json"


def doors_open_one_way(tree):
    """A room includes only the rooms it depends on."""
    for path, text in _code(tree):
        room = _FOLDERS.get(_folder(path))
        for header in _INCLUDE.findall(text):
            other = _room_of_include(header)
            if room and header.startswith("tests/"):
                yield f"{path}: includes {header}, which is for tests"
            elif room and other and other != room and other not in ROOMS[room].doors:
                yield f"{path}: includes {header}, but {room} may not see {other}"


def every_door_is_used(tree):
    """A room goes through each of its doors."""
    used = {name: set() for name in ROOMS}
    for path, text in _code(tree):
        room = _FOLDERS.get(_folder(path))
        if room:
            used[room].update(map(_room_of_include, _INCLUDE.findall(text)))
    for name, room in ROOMS.items():
        for door in sorted(room.doors - used[name]):
            yield f"{name}: includes nothing of {door}; close the door"


def rooms_are_small(tree):
    """Who opens a room sees what is in it."""
    for name, room in ROOMS.items():
        files = sum(_folder(path) == room.folder for path, _ in _code(tree))
        if files >= _MAX_FILES:
            yield f"{name}: got {files} files, want under {_MAX_FILES}; divide it"


def _libraries(room):
    return ROOMS[room].libraries if room else ()


def outside_headers_stay_in_their_rooms(tree):
    """OpenSSL only in crypto, SQLite only in its engine, and so on.

    A room's unit tests may include what the room may.
    """
    for path, text in _code(tree):
        room = _FOLDERS.get(_folder(path).removeprefix("tests/unit/"))
        if room is None and not path.startswith("tests/house"):
            continue
        for header in _INCLUDE.findall(text):
            if _GENERATED.fullmatch(header):
                continue
            for prefix, library in OUTSIDE.items():
                if header.startswith(prefix) and library not in _libraries(room):
                    yield f"{path}: {room} may not include <{header}>"


def openssl_stays_out_of_tests(tree):
    """Only crypto's own tests, and who must sign a JWT, reach past crypto."""
    allowed = (
        "tests/unit/crypto/",
        "tests/isolation/crypto_isolation_test.cc",  # Whose crypto answers whom.
        "tests/support/jwt_signer.cc",
    )
    for path, text in _code(tree):
        if path.startswith("tests/") and not path.startswith(allowed):
            for header in _INCLUDE.findall(text):
                if header.startswith("openssl/"):
                    yield f"{path}: includes <{header}>"


def build_files_follow_the_plan(tree):
    """CMake reads rooms.json; Bazel has a copy, and a line in each folder."""
    plan = tree.get("rooms.json", "{}")
    if tree.get("bazel/rooms.bzl") != generate(plan):
        yield "bazel/rooms.bzl: differs from rooms.json; run ./dev rooms"
    for name, room in read(plan).items():
        if name == "proto":  # Generated, and declared by rules of its own.
            continue
        declared = re.findall(r'^signet_room\(name = "(\w+)"\)$',
                              tree.get(f"{room.folder}/BUILD.bazel", ""), re.MULTILINE)
        if declared != [name]:
            yield f'{room.folder}/BUILD.bazel: want signet_room(name = "{name}") once'


_HEADER_FILTER = re.compile(r"^HeaderFilterRegex: '(.*)'$", re.MULTILINE)


def linter_sees_every_file(tree):
    """clang-tidy is silent about what its filter leaves out, sources too, as they
    are included where several are compiled as one.
    """
    found = _HEADER_FILTER.search(tree.get(".clang-tidy", ""))
    seen = re.compile(found.group(1) if found else "(?!)")
    for path, _ in _code(tree):
        if not seen.search("/" + path):
            yield f"{path}: .clang-tidy has no HeaderFilterRegex for it"


def plan_has_no_cycle(rooms):
    """The doors of {room: Room} lead nowhere back."""
    done, walking = set(), []

    def visit(name):
        if name in walking:
            yield " -> ".join(walking[walking.index(name):] + [name])
        elif name not in done:
            walking.append(name)
            for dep in sorted(rooms[name].doors):
                yield from visit(dep)
            walking.pop()
            done.add(name)

    for name in rooms:
        yield from visit(name)


# At the start of a line, that is at the scope of a namespace.
_TYPE = re.compile(r"^(?:class|struct|enum|enum class)\s+(?:alignas\(\d+\)\s+|ABSL_\w+\s+)?"
                   r"(\w+)(?:\s+final)?\s*(?::[^:;]|\{)", re.MULTILINE)
_ALIAS = re.compile(r"^(?:using|namespace) (\w+) =", re.MULTILINE)
_CONSTANT = re.compile(r"^(?:inline |static )*(?:constexpr|const|constinit)\b[^;={(]*?"
                       r"\b(k[A-Z]\w*)(?:\[[^\]]*\])?\s*[={(]", re.MULTILINE)
_USING = re.compile(r"^using (?:\w+::)+(\w+);", re.MULTILINE)


def _types(text):
    """Names of the types that a file defines outside any unnamed namespace."""
    return _TYPE.findall(re.sub(r"^namespace \{$.*?^\}  // namespace$", "", text,
                                flags=re.MULTILINE | re.DOTALL))


_NAMESPACE = re.compile(r"^namespace (signet[\w:]*) \{$", re.MULTILINE)


def every_file_is_in_its_namespace(tree):
    """What a room, or a room's test, defines lies in the room's namespace."""
    for path, text in _code(tree):
        room = _FOLDERS.get(_folder(path).removeprefix("tests/unit/"))
        for namespace in _NAMESPACE.findall(text) if room else ():
            if namespace != ROOMS[room].namespace:
                yield f"{path}: got {namespace}, want {ROOMS[room].namespace}"


def every_type_has_one_home(tree):
    """A second type of the same name in a namespace would make the linker pick one
    of two destructors and say nothing (one definition rule).
    """
    homes = {}
    for path, text in _code(tree):
        room = _FOLDERS.get(_folder(path))
        for name in _types(text) if room else ():
            key = ROOMS[room].namespace, name
            if homes.setdefault(key, path) != path:
                yield f"{path}: {name} is defined in {homes[key]} too"


def names_are_unique_in_a_folder(tree):
    """Several files of a folder are compiled as one, whichever they are today; not
    a program of a single file.
    """
    homes = {}
    for path, text in _code(tree):
        if "\nint main(" in text:
            continue
        for pattern in (_TYPE, _ALIAS, _CONSTANT):
            for name in pattern.findall(text):
                if homes.setdefault((_folder(path), name), path) != path:
                    yield f"{path}: {name} is defined in {homes[_folder(path), name]} too"


def what_a_source_names_it_uses(tree):
    """Using-declarations, aliases and constants: where several files are compiled
    as one, no compiler and no linter tells of them.
    """
    for path, text in _code(tree, ".cc"):
        for name in _USING.findall(text) + _ALIAS.findall(text) + _CONSTANT.findall(text):
            if len(re.findall(rf"\b{name}\b", text)) < 2:
                yield f"{path}: {name} is not used"


def files_are_short(tree):
    for path, text in _code(tree, ".cc", ".h", ".py", ".sh", ".proto"):
        lines = text.count("\n")
        if lines >= _MAX_LINES:
            yield f"{path}: got {lines} lines, want under {_MAX_LINES}; split it"


def headers_are_guarded(tree):
    """Licence line first; include guard spelled from the path."""
    for path, text in _code(tree, ".cc", ".h", ".proto"):
        if not text.startswith("// SPDX-License-Identifier: Apache-2.0\n"):
            yield f"{path}: want the SPDX line first"
    for path, text in _code(tree, ".h"):
        guard = "SIGNET_" + re.sub(r"[^A-Za-z0-9]", "_", path).upper() + "_"
        if f"#ifndef {guard}\n#define {guard}\n" not in text:
            yield f"{path}: want the include guard {guard}"


def mutexes_guard_something(tree):
    """Every mutex is named by at least one ABSL_GUARDED_BY beside it."""
    declared = re.compile(r"^\s*(?:mutable\s+)?absl::Mutex\s+(\w+)\s*(?:;|\{)", re.MULTILINE)
    for path, text in _code(tree):
        for name in declared.findall(text):
            if not re.search(rf"ABSL_(PT_)?GUARDED_BY\({name}\)", text):
                yield f"{path}: nothing is ABSL_GUARDED_BY({name})"


def nothing_is_left_to_do(tree):
    marker = re.compile(r"\b(TODO|FIXME|XXX)\b(?!\(#\d+\))")
    for path, text in _code(tree, ".cc", ".h", ".py", ".sh", ".proto", ".txt", ".bzl"):
        if path.startswith("tests/house/"):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if marker.search(line):
                yield f"{path}:{number}: a note to oneself; make it an issue"


# Spelled so that the patterns do not match themselves.
_HOSTS = re.compile(
    r"\b(?:(?:deb|security|ftp|snapshot|archive)\.(?:debian|ubuntu)\.(?:org|com)"
    r"|registry\.(?:npmjs|yarnpkg)\.(?:org|com)"
    r"|(?:files\.)?py(?:pi|thonhosted)\.org"
    r"|(?:proxy|sum)\.golang\.org"
    r"|(?:static\.|index\.)?crates\.io"
    r"|repo1?\.maven\.(?:org|apache\.org)"
    r"|docker\.io|quay\.io|ghcr\.io)\b"
)
_MACHINE_PATHS = re.compile(r"(?<![\w.$}*)\]-])/(?:home|root|work|Users)/[\w.]")


def nothing_names_a_registry_or_a_machine(tree):
    """Which mirror to use is the machine's to say; so is where things lie."""
    for path, text in tree.items():
        for number, line in enumerate(text.splitlines(), 1):
            for pattern in (_HOSTS, _MACHINE_PATHS):
                if match := pattern.search(line):
                    yield f"{path}:{number}: {match.group()}"


def every_look_up_is_verified_or_named(tree):
    """SealedStore overrides each method of a transaction, or says why it need not."""
    declared = "\n".join(t for p, t in tree.items() if p == "storage/txn.h")
    sealed = "\n".join(t for p, t in tree.items() if p == "server/seal/sealed_store.cc")
    for name in re.findall(r"\bvirtual\b[^;(]*?\b(?:Do)?([A-Z]\w+)\(", declared):
        if not re.search(rf"\b(Do)?{name}\b", sealed):
            yield f"server/seal/sealed_store.cc: neither verifies, seals nor names {name}"


TREE_CHECKS = [
    every_file_has_a_room,
    doors_open_one_way,
    every_door_is_used,
    rooms_are_small,
    outside_headers_stay_in_their_rooms,
    openssl_stays_out_of_tests,
    build_files_follow_the_plan,
    linter_sees_every_file,
    every_file_is_in_its_namespace,
    every_type_has_one_home,
    names_are_unique_in_a_folder,
    what_a_source_names_it_uses,
    every_look_up_is_verified_or_named,
    files_are_short,
    headers_are_guarded,
    mutexes_guard_something,
    nothing_is_left_to_do,
    nothing_names_a_registry_or_a_machine,
]
