import sys

from services.registry.main import main

raise SystemExit(main(sys.argv[1:]))
