"""The model card, written from the numbers of the training run so that it cannot disagree with them."""

from collections import Counter
from typing import Any

from services.ai_detector.readout import Readout
from services.ai_detector.training.corpus import Recording
from services.ai_detector.training.readout_training import LIKELY_HUMAN_SHARE

_HEAD = """# Model card: AI detector `{version}`

Written by `python -m services.ai_detector.training --ship`; do not edit.

**What it is.** {trees} boosted trees (the mean of three forests) on {count} numbers of three kinds: a comb of
narrow, stationary spectral teeth at equal spacing, as up-sampling (strided) neural decoders leave them, in
the sum of the channels and in their difference; the texture of the short-time spectrum up to 7.4 kHz (how
steadily phases advance, how levels step from cell to cell, how deep the valleys are, how attacks begin); and
how exactly a track repeats itself, sample for sample. Level, bandwidth, sampling rate, channel count and
length are not among them, and both classes are trained on through the same random deliveries.

**What it says.** `likely_generated`, `inconclusive`, `not_detected`, `not_measured`. Never "human". Human
music passed through a neural codec leaves the same traces. Use it to ask for a disclosure or to send a track
to a person, not to reject by itself.

**Who it would accuse wrongly.** See the human counts below, per source and per treatment.

**Legal.** A third party states patent applications (December 2024) on detecting generated music from peaks of
averaged spectra. The design and code here are our own and contain nothing from that party's repositories (CC
BY-NC), which settles nothing about patents: whoever deploys this should take advice.

**Probability** is calibrated on held-out scores at equal priors of the two classes. It is not the share of
flagged tracks that are generated, which depends on how many of the deliveries are.
"""

_PROTOCOL = """## Results

Every score comes from a model that saw neither the generator (or human source) nor any row of its repository.
Rows are one whole clean track (90 s at most) and two to five cuts (6-50 s), each through a delivery drawn at
random, of these steps: {treatments}.

Thresholds are set per band and length of audio, every human recording counting once: `likely` at
{likely:.1f} % of human music (or where an exponential tail reaches that, if higher), `inconclusive` at 5 %.
Below, `likely` and `inconclusive+` are shares at these; `ever` counts recordings that reach one in any cut or
delivery.

{conditions}
Of {n} whole, clean human tracks {hit} are `likely_generated` and {near} at least `inconclusive`. Zero of n
supports a false-positive rate below 3/n at 95 % confidence ({bound:.1f} % here) and no better.

"""

_PROBE = """## Could the answer come from codec, bandwidth or loudness?

A probe on {columns} alone reaches AUC {probe_auc:.3f} in the same protocol: the collection is confounded, and
none of these is a feature here. Inside fifths of rows that the probe rates alike, the detector's AUC is
{fifths} (mean {detector_auc_matched:.3f}; over all rows {detector_auc:.3f}). Its scores and the probe's
correlate by {correlation_of_scores_among_human_rows:.2f} among human rows.
"""

_RECORDINGS = """## Recordings trained on

Labels come from the sources' own pages; nobody listened to them. None of the audio ships. Besides these, cuts
of most of the human recordings went through decoders of our own, as positives that are trained on and
never judged: random untrained ones (strides, rate, kernel, bias, non-linearity and mixing level drawn at
random), mel spectrograms rebuilt by the Griffin-Lim algorithm, and eleven small networks taught for a minute
each on music of packages (strided codecs, decoders of mel spectrograms with and without up-sampling, latent
pictures of sound, diffusion). `hifigan` is music of packages rebuilt by
a real vocoder, and is judged. One round of deliveries in three is mostly pitch shifts, changes of speed, hum.

"""


def card(recordings: list[Recording], readout: Readout, found: dict[str, Any]) -> str:
    """Markdown; `found` is what `report` returned."""
    human = found["whole_clean_tracks"]["human"]
    parts = [
        _HEAD.format(version=readout.version, trees=found["trees"], count=found["columns"]),
        _PROTOCOL.format(
            treatments=", ".join(found["per_treatment"]),
            likely=100 * LIKELY_HUMAN_SHARE,
            conditions=_conditions(readout),
            n=human["recordings"],
            hit=human["rows_likely_generated"],
            near=human["rows_at_least_inconclusive"],
            bound=300 / human["recordings"],
        ),
        _detections(found),
        _nuisances(found["nuisances"]),
        _false_positives(found),
        _sources(recordings),
    ]
    return "\n".join(parts)


def _conditions(readout: Readout) -> str:
    header = (
        "from Hz",
        "from seconds",
        "likely",
        "inconclusive",
        "human recordings",
        "rows",
        "ever likely",
        "ever inconclusive+",
    )
    lines = [
        (
            f"{c.from_hz:.0f}",
            f"{c.from_seconds:.0f}",
            f"{c.likely:.3f}",
            f"{c.inconclusive:.3f}",
            str(c.human_recordings),
            str(len(c.human_scores)),
            str(c.human_likely),
            str(c.human_inconclusive),
        )
        for c in readout.conditions
    ]
    return _table(header, lines)


def _detections(found: dict[str, Any]) -> str:
    header = (
        "generator",
        "tracks",
        "AUC whole",
        "likely",
        "inconclusive+",
        "at 1 %",
        "AUC all rows",
        "likely",
        "at 1 %",
        "at 5 %",
    )
    lines = [_detection("all", found["whole_clean_tracks"], found["all_rows"])]
    alone = found["against_music_alone"]
    lines.append(_detection("all, against music alone", alone["whole_clean_tracks"], alone["all_rows"]))
    lines += [
        _detection(name, each["whole_clean_tracks"], each["all_rows"])
        for name, each in found["per_generator"].items()
    ]
    treated = [
        (
            name,
            f"{d['generated_rows']}",
            f"{d['auc']:.3f}",
            _percent(d["likely_generated"]),
            _human(d["human"]),
        )
        for name, d in found["per_treatment"].items()
        if "auc" in d
    ]
    heading = ("treatment", "generated rows", "AUC", "likely", "human rows called likely")
    return _table(header, lines) + "\n" + _table(heading, treated)


def _detection(name: str, whole: dict[str, Any], rows: dict[str, Any]) -> tuple[str, ...]:
    return (
        name,
        str(whole["generated_recordings"]),
        f"{whole['auc']:.3f}",
        _percent(whole["likely_generated"]),
        _percent(whole["at_least_inconclusive"]),
        _percent(whole["found_at_1_percent"]),
        f"{rows['auc']:.3f}",
        _percent(rows["likely_generated"]),
        _percent(rows["found_at_1_percent"]),
        _percent(rows["found_at_5_percent"]),
    )


def _nuisances(nuisances: dict[str, Any]) -> str:
    fifths = ", ".join(f"{auc:.2f}" for auc in nuisances["detector_auc_inside_fifths"])
    return _PROBE.format(columns=", ".join(nuisances["columns"]), fifths=fifths, **_numbers(nuisances))


def _numbers(nuisances: dict[str, Any]) -> dict[str, float]:
    return {name: value for name, value in nuisances.items() if isinstance(value, float)}


def _false_positives(found: dict[str, Any]) -> str:
    lines = [
        (
            name,
            str(d["recordings"]),
            str(d["rows"]),
            str(d["rows_likely_generated"]),
            str(d["rows_at_least_inconclusive"]),
        )
        for name, d in found["human_per_source"].items()
    ]
    return "## Human rows per source\n\n" + _table(
        ("source", "tracks", "rows", "likely_generated", "at least inconclusive"), lines
    )


def _sources(recordings: list[Recording]) -> str:
    counted = Counter((r.source, "generated" if r.generated else "human", r.licence) for r in recordings)
    lines = [(source, kind, licence, str(n)) for (source, kind, licence), n in sorted(counted.items())]
    return _RECORDINGS + _table(("source", "label", "licence", "files"), lines)


def _table(header: tuple[str, ...], lines: list[tuple[str, ...]]) -> str:
    rule = tuple("---" for _ in header)
    return "\n".join("| " + " | ".join(line) + " |" for line in [header, rule, *lines]) + "\n"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _human(human: dict[str, Any]) -> str:
    return f"{human['rows_likely_generated']} of {human['rows']}"
