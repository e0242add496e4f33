"""`python -m services.ai_detector.evaluate`: needs the `train` extra, which serving has not."""

from services.ai_detector.training.evaluation import main

if __name__ == "__main__":
    main()
