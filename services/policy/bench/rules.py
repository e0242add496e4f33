"""Policies and inputs for measuring, made by a seeded generator: every rule differs, every input differs."""

import random
from datetime import UTC, datetime

from services.policy.facts import AudioFacts, DeclarationFacts, DistributorFacts, FindingFacts, MatchFacts
from services.policy.inputs import AI_DETECTOR, VOICE_MATCHER, PolicyInput
from services.policy.vocabulary import FindingState, MatchStrength, Standing
from shared.events import AiUse

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CODECS = ("flac", "pcm_s16le", "mp3", "opus", "vorbis")
STATES = (FindingState.LIKELY_GENERATED, FindingState.INCONCLUSIVE, FindingState.NOT_DETECTED)
VOICES = (FindingState.MATCH, FindingState.POSSIBLE, FindingState.NO_MATCH, FindingState.NOT_MEASURED)
GUARD = """  - id: no-finding-no-release
    why: What failed or is missing holds every track.
    for_each: finding in findings
    when: finding.verdict in ["error", "missing"]
    then:
      outcome: quarantine
      reason: finding_error
      text: The detector {finding.detector} failed on this track.
"""
OTHERWISE = """otherwise:
  outcome: quarantine
  reason: no_rule_matched
  text: Nothing matched, so a person decides.
"""
_RULE = """  - id: rule-{number}
    why: A rule of the benchmark, four comparisons and one outcome.
    when: >-
      {when}
    then:
      outcome: {outcome}
      reason: reason_{number}
      text: Rule {number} saw {{ai.verdict}} in {{audio.seconds}} s.
      priority: {priority}
"""


def policy_text(rules: int, *, seed: int = 7) -> str:
    """``rules`` rules: one that holds failed findings, the others of four comparisons each."""
    dice = random.Random(seed)  # noqa: S311 - a benchmark is repeatable, not secret
    written = [
        _RULE.format(
            number=number,
            when=" && ".join([*dice.sample(_common(dice), 3), dice.choice(_rare(dice))]),
            outcome=dice.choice(["publish", "publish", "quarantine"]),
            priority=dice.randint(0, 9),
        )
        for number in range(1, rules)
    ]
    head = f"name: bench\nabout: A policy of {rules} rules for measuring.\nreview_from: 101\nrules:\n"
    return head + GUARD + "".join(written) + OTHERWISE


def _rare(dice: random.Random) -> list[str]:
    """These decide: about one rule in thirty matches an input, as in the default policy."""
    return [
        f'distributor.id == "distributor-{dice.randint(0, 40)}"',
        f'declaration.display_artist == "Artist {dice.randint(0, 400)}"',
        f"audio.seconds > {dice.uniform(300, 420):.1f}",
    ]


def _common(dice: random.Random) -> list[str]:
    """Most hold on most inputs, so that the engine has to go on to the second, third and fourth."""
    return [
        f'ai.verdict != "{dice.choice(STATES).value}"',
        f'voice.verdict != "{dice.choice(VOICES).value}"',
        f"audio.seconds > {dice.uniform(1, 200):.1f}",
        f"audio.sample_rate >= {dice.choice([22050, 44100, 48000])}",
        f'audio.codec != "{dice.choice(CODECS)}"',
        f"ai.seconds_measured > {dice.uniform(1, 60):.1f}",
        f"voice.seconds_measured < {dice.uniform(20, 90):.1f}",
        f'declaration.ai_declared != "{dice.choice(list(AiUse)).value}"',
        f'declaration.display_artist != "Artist {dice.randint(0, 400)}"',
        "!declaration.test_delivery",
        f'distributor.id != "distributor-{dice.randint(0, 40)}"',
    ]


def inputs(count: int, *, seed: int = 11) -> list[PolicyInput]:
    """Complete inputs; no two alike."""
    dice = random.Random(seed)  # noqa: S311 - a benchmark is repeatable, not secret
    return [_input(dice, number) for number in range(count)]


def _input(dice: random.Random, number: int) -> PolicyInput:
    voice = dice.choice(VOICES)
    return PolicyInput(
        track_id=f"00000000-0000-4000-8000-{number:012d}",
        evaluated_at=AT,
        declaration=DeclarationFacts(
            title=f"Song {number}",
            display_artist=f"Artist {dice.randint(0, 400)}",
            isrc=f"SEABC26{number % 100000:05d}",
            ai_use=dice.choice(list(AiUse)),
            ai_declared=dice.choice(list(AiUse)),
            credits=(),
            release_date="2026-12-24",
            territories=("Worldwide",),
            test_delivery=False,
        ),
        audio=AudioFacts(
            sha256=f"{number:064x}",
            seconds=dice.uniform(5, 400),
            sample_rate=dice.choice([44100, 48000]),
            channels=2,
            container="flac",
            codec=dice.choice(CODECS),
        ),
        distributor=DistributorFacts(id=f"distributor-{dice.randint(0, 40)}"),
        findings=(
            _finding(dice, AI_DETECTOR, dice.choice(STATES), number),
            _finding(dice, VOICE_MATCHER, voice, number),
        ),
        matches=(_match(dice, voice, number),)
        if voice in {FindingState.MATCH, FindingState.POSSIBLE}
        else (),
    )


def _finding(dice: random.Random, detector: str, verdict: FindingState, number: int) -> FindingFacts:
    return FindingFacts(
        detector=detector,
        verdict=verdict,
        required=True,
        event_id=f"{detector}-{number}",
        model_version="bench-1",
        score=dice.uniform(-3, 3),
        probability=dice.random(),
        threshold=0.5,
        seconds_measured=dice.uniform(5, 120),
    )


def _match(dice: random.Random, verdict: FindingState, number: int) -> MatchFacts:
    return MatchFacts(
        artist_id=f"artist-{dice.randint(0, 50)}",
        name="An Artist",
        standing=dice.choice(list(Standing)),
        grant=None,
        grants=(),
        label_required=True,
        verdict=MatchStrength(verdict.value),
        score=dice.random(),
        probability=dice.random(),
        threshold=0.6,
        claimed=dice.random() < 0.2,  # noqa: PLR2004 - one in five
        finding_id=f"{VOICE_MATCHER}-{number}",
    )
