"""``python -m services.voice_matcher``: the worker; with ``score`` or ``explain``, matching by hand."""

import sys

from services.voice_matcher.command_line import run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
