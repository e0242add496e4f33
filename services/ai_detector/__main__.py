import sys

from services.ai_detector.cli import parser, run
from services.ai_detector.main import main

arguments = parser().parse_args()
sys.exit(main() if arguments.command in {None, "serve"} else run(arguments))
