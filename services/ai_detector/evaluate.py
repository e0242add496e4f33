"""`python -m services.ai_detector.evaluate`: how well the detector does where it never was.

Needs the `train` extra, which serving has not, and so names the module that does the work instead of
importing it.
"""

import runpy

if __name__ == "__main__":
    runpy.run_module("services.ai_detector.training.evaluation", run_name="__main__")
