# SPDX-License-Identifier: Apache-2.0
"""Sums the JUnit reports of one test run: tally.py FOLDER.

Reads ctest.junit (one entry per executable), the GoogleTest reports NAME.xml
that those executables wrote, *.pytest reports, and *.error files that tell of a
runner which broke down. Prints every skip and failure and, as the last line,
"N passed, N failed". An executable that failed without saying which test (a
crash, a timeout, a sanitizer's finding at exit) counts as one failure, and so
does one that ran no test. Exits 1 if anything failed or nothing ran.
"""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def cases(report):
    """Yields (name, passed) of each test that ran in a JUnit report."""
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        skipped = case.find("skipped")
        if skipped is not None or case.get("status") == "notrun":
            reason = "" if skipped is None else skipped.get("message", "")
            print(f"SKIPPED {name} {reason}")
            continue
        bad = case.find("failure") is not None or case.find("error") is not None
        yield name, not bad


def executables(folder):
    """Yields (name, passed) of each C++ test, through its executable's report."""
    overview = folder / "ctest.junit"
    if not overview.exists():
        return
    for case in ElementTree.parse(overview).iter("testcase"):
        name, ok = case.get("name"), case.get("status") == "run"
        report = folder / f"{name}.xml"
        inside = list(cases(report)) if report.exists() else []
        yield from inside
        if not inside or (not ok and all(passed for _, passed in inside)):
            yield f"{name} (the executable)", ok and bool(inside)


def main():
    folder = pathlib.Path(sys.argv[1])
    results = list(executables(folder))
    for report in sorted(folder.glob("*.pytest")):
        results += cases(report)
    for error in sorted(folder.glob("*.error")):
        results.append((error.read_text().strip(), False))
    failed = [name for name, passed in results if not passed]
    for name in failed:
        print(f"FAILED {name}")
    if not results:
        print("no test ran")
    print(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
