"""``python -m shared.contracts [write|check|release]``."""

import argparse
import sys

from shared.contracts import files
from shared.contracts.compatibility import incompatible_events
from shared.contracts.schemas import event_schemas


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m shared.contracts", description=__doc__)
    parser.add_argument(
        "what",
        nargs="?",
        default="write",
        choices=("write", "check", "release"),
        help="write the files, check them, or make the present schemas the baseline (default: write)",
    )
    what = parser.parse_args(arguments).what
    if what == "write":
        files.write()
        return 0
    faults = [
        f"{event_type}: {fault}"
        for event_type, found in incompatible_events(files.released(), event_schemas()).items()
        for fault in found
    ]
    if what == "check":
        faults += [f"{fault}: run `python -m shared.contracts`" for fault in files.drift()]
    for fault in faults:
        sys.stderr.write(f"{fault}\n")
    if not faults and what == "release":
        files.release()
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
