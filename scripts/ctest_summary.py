#!/usr/bin/env python3
# Sums up one run of ctest in a line: how many tests passed and failed, and how many were skipped and why.
"""usage: scripts/ctest_summary.py OUTPUT LOG

OUTPUT is what ctest printed, LOG its Testing/Temporary/LastTest.log, which alone holds what skipped tests said. ctest counts
those among the passed; this does not. Prints "459 passed, 1 skipped (not applicable here: ...)". A program of tests that ends
with 0 in the middle of one passes for ctest; here it is named.
Exit status: 0 summed up; 1 no test passed, one ended too early, or the output does not end as ctest's does; 2 usage.
"""

import re
import sys

# "99% tests passed, 1 tests failed out of 460"
TOTALS = re.compile(r"^\d+% tests passed, (\d+) tests? failed out of (\d+)", re.M)
# "	313 - Command.Name (Skipped)", in the list of tests that did not run
SKIPPED = re.compile(r"^\s+\d+ - \S.*\(Skipped\)\s*$", re.M)
# GoogleTest's words: "file.cc:222: Skipped", then the reason, up to the line that closes the test
REASON = re.compile(r"^\S+:\d+: Skipped\n(.*?)\n\[", re.M | re.S)
# One test of LOG.
TOLD = re.compile(r"^\d+/\d+ Testing: ([^\n]+)\n(.*?)^<end of output>", re.M | re.S)
BEGUN, ENDED = "[==========] Running ", re.compile(r"^\[==========\] \d+ tests? from \d+ test suites? ran\.", re.M)


def summary(output, log):
    """The line, or None where ctest did not come to its end."""
    totals = TOTALS.search(output)
    if not totals:
        return None
    failed, total = int(totals[1]), int(totals[2])
    skipped = len(SKIPPED.findall(output))
    parts = [f"{total - failed - skipped} passed"]
    if failed:
        parts.append(f"{failed} failed")
    if skipped:
        reasons = sorted({" ".join(reason.split()) for reason in REASON.findall(log)} - {""})
        parts.append(f"{skipped} skipped ({'; '.join(reasons) or 'no reason was given'})")
    unended = [name for name, text in TOLD.findall(log) if BEGUN in text and not ENDED.search(text)]
    if unended:
        parts.append(f"{len(unended)} ended too early ({', '.join(unended)})")
    return ", ".join(parts)


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    texts = []
    for path in arguments:
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                texts.append(file.read())
        except FileNotFoundError:
            texts.append("")
    line = summary(*texts)
    print(line or "ctest did not finish")
    return 0 if line and not line.startswith("0 passed") and "ended too early" not in line else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
