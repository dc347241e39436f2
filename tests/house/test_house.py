# SPDX-License-Identifier: Apache-2.0
"""The tree keeps the rules of checks.py, and each rule notices a breach."""

import pathlib
import subprocess

import pytest

import checks
from rooms import ROOMS, Room

ROOT = pathlib.Path(__file__).resolve().parents[2]


def _read_tree():
    listing = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached",
         "--others", "--exclude-standard", "--deduplicate"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout
    tree = {}
    for path in filter(None, listing.split("\0")):
        if (ROOT / path).is_file():
            tree[path] = (ROOT / path).read_bytes().decode("utf-8", errors="replace")
    return tree


@pytest.fixture(scope="module")
def tree():
    found = _read_tree()
    assert "base/clock.h" in found
    return found


@pytest.mark.parametrize("check", checks.TREE_CHECKS, ids=lambda c: c.__name__)
def test_tree(check, tree):
    problems = list(check(tree))
    assert not problems, "\n" + "\n".join(problems)


def test_plan_has_no_cycle():
    assert not list(checks.plan_has_no_cycle(ROOMS))


SPDX = "// SPDX-License-Identifier: Apache-2.0\n"
HOST = ".".join(["deb", "debian", "org"])
HOME = "/".join(["", "home", "someone", "src"])

# Check -> (a file that breaks the rule, its text).
BREACHES = [
    (checks.every_file_has_a_room, "server/attic/a.cc", ""),
    (checks.doors_open_one_way, "base/a.h", '#include "server/token/token.h"\n'),
    (checks.doors_open_one_way, "server/domain/a.cc", '#include "storage/sqlite/x.h"\n'),
    (checks.doors_open_one_way, "server/rpc/a.cc", '#include "storage/memory/x.h"\n'),
    (checks.doors_open_one_way, "http/a.cc", '#include "storage/store.h"\n'),
    (checks.doors_open_one_way, "gateway/a.cc", ' # include "server/domain/x.h"\n'),
    (checks.doors_open_one_way, "server/domain/a.h", '#include "signet/v1/identity.pb.h"\n'),
    (checks.doors_open_one_way, "base/a.cc", '#include "tests/support/fake_clock.h"\n'),
    (checks.every_look_up_is_verified_or_named, "storage/txn.h", "virtual absl::StatusOr<Key>\nGetKey(int id) = 0;\n"),
    (checks.outside_headers_stay_in_their_rooms, "server/token/a.cc", "#include <openssl/sha.h>\n"),
    (checks.outside_headers_stay_in_their_rooms, "http/a.cc", "#include <openssl/ssl.h>\n"),
    (checks.outside_headers_stay_in_their_rooms, "storage/memory/a.cc", "#include <sqlite3.h>\n"),
    (checks.outside_headers_stay_in_their_rooms, "server/domain/a.cc", "#include <grpcpp/grpcpp.h>\n"),
    (checks.outside_headers_stay_in_their_rooms, "server/domain/a.cc", '#include "sqlite3.h"\n'),
    (checks.outside_headers_stay_in_their_rooms, "server/domain/a.cc", "#include <boost/beast.hpp>\n"),
    (checks.outside_headers_stay_in_their_rooms, "tests/unit/server/token/a_test.cc", "#include <openssl/sha.h>\n"),
    (checks.openssl_stays_out_of_tests, "tests/bench/a.cc", "#include <openssl/sha.h>\n"),
    (checks.every_file_is_in_its_namespace, "http/a.cc", "namespace signet {\n"),
    (checks.every_file_is_in_its_namespace, "tests/unit/http/a_test.cc", "namespace signet {\n"),
    (checks.what_a_source_names_it_uses, "base/a.cc", "using absl::StatusCode;\n"),
    (checks.what_a_source_names_it_uses, "base/a.cc", "namespace fs = std::filesystem;\n"),
    (checks.what_a_source_names_it_uses, "base/a.cc", "constexpr size_t kLimit = 3;\n"),
    (checks.what_a_source_names_it_uses, "base/a.cc", "constexpr char kSql[] =\n    \"\";\n"),
    (checks.files_are_short, "base/a.cc", "\n" * 500),
    (checks.headers_are_guarded, "base/a.cc", "int a;\n"),
    (checks.headers_are_guarded, "base/a.h", SPDX + "#pragma once\n"),
    (checks.mutexes_guard_something, "base/a.h", "  mutable absl::Mutex mu_;\n"),
    (checks.nothing_is_left_to_do, "base/a.cc", "// TODO: later\n"),
    (checks.nothing_names_a_registry_or_a_machine, "dev", f"curl https://{HOST}/x\n"),
    (checks.nothing_names_a_registry_or_a_machine, "README.md", f"cd {HOME}\n"),
]


@pytest.mark.parametrize("check, path, text", BREACHES)
def test_breach_is_noticed(check, path, text):
    assert list(check({path: text}))


def test_breach_of_any_build_file_is_noticed(tree):
    check = checks.build_files_follow_the_plan
    for path, old, new in [
        ("rooms.json", '"doors": ["base"]', '"doors": ["base", "policy"]'),
        ("rooms.json", '"folder": "crypto"', '"folder": "attic"'),
        ("bazel/rooms.bzl", '"boringssl"', '"curl"'),
        ("server/token/BUILD.bazel", '"token"', '"attic"'),
    ]:
        assert old in tree[path]
        assert list(check({**tree, path: tree[path].replace(old, new)})), (path, new)
    without = {path: text for path, text in tree.items() if path != "crypto/BUILD.bazel"}
    assert list(check(without))


@pytest.mark.parametrize("folder, seen", [("server", True), ("server/api", True), ("base", False)])
def test_file_that_the_linter_leaves_out_is_noticed(folder, seen):
    lint = "HeaderFilterRegex: '/(server|tests)/.*\\.(h|cc)$'\n"
    problems = list(checks.linter_sees_every_file({f"{folder}/a.cc": "", ".clang-tidy": lint}))
    assert (problems == []) == seen


def test_unused_door_is_noticed(tree):
    without = {path: text for path, text in tree.items() if not path.startswith("server/token/")}
    assert list(checks.every_door_is_used(without)) == [
        "token: includes nothing of base; close the door"]


def test_crowded_room_is_noticed():
    files = {f"crypto/a{number}.h": "" for number in range(49)}
    assert not list(checks.rooms_are_small(files))
    assert list(checks.rooms_are_small({**files, "crypto/b.cc": ""}))


def test_second_home_of_a_type_is_noticed():
    check = checks.every_type_has_one_home
    shown = "class Connection final {\n};\n"
    hidden = "namespace {\nstruct Connection {\n};\n}  // namespace\n"
    assert list(check({"storage/sqlite/connection/a.h": shown, "storage/sqlite/a.h": shown}))
    assert not list(check({"storage/sqlite/connection/a.h": shown, "storage/sqlite/a.cc": hidden}))
    assert not list(check({"http/a.h": shown, "storage/sqlite/a.h": shown}))


@pytest.mark.parametrize("text", [
    "struct Case {\n", "class Case final : public Base {\n", "enum class Case {\n",
    "using Case = int;\n", "constexpr char kCase[] = R\"(\n", "const Uuid kCase = SampleId(1);\n",
    "constexpr std::chrono::seconds kCase{2};\n",
])
def test_second_use_of_a_name_in_a_folder_is_noticed(text):
    check = checks.names_are_unique_in_a_folder
    assert list(check({"server/rpc/a.cc": text, "server/rpc/b.cc": text}))
    assert not list(check({"server/rpc/a.cc": text, "server/domain/b.cc": text}))
    assert not list(check({"server/rpc/a.cc": text, "server/rpc/b.cc": "  " + text}))


def test_cycle_is_noticed():
    rooms = {"a": Room("a", "signet::a", frozenset({"b"})), "b": Room("b", "signet::b", frozenset({"a"}))}
    assert list(checks.plan_has_no_cycle(rooms)) == ["a -> b -> a"]


def test_allowed_door_is_quiet():
    tree = {"server/identity/a.cc": '#include "crypto/digest.h"\n#include <string>\n'}
    assert not list(checks.doors_open_one_way(tree))
    assert not list(checks.outside_headers_stay_in_their_rooms(tree))
