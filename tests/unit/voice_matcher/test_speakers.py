"""Who is judged: nobody who may be the same human as one that was learned from."""

import pytest

from services.voice_matcher.training.speakers import held_out, speaker_of


def test_voices_whose_readers_nobody_named_count_as_one_person():
    readers = {speaker_of(voice) for voice in ("jf_gongitsune", "jf_nezumi", "jf_tebukuro")}

    assert len(readers) == 1


def test_they_are_learned_from_and_not_judged_since_one_of_them_was():
    assert not held_out(speaker_of("jf_nezumi"))


@pytest.mark.parametrize("voice", ["jf_alpha", "jm_kumo", "af_heart"])
def test_every_other_voice_is_a_person_of_its_own(voice):
    assert speaker_of(voice) == f"kokoro/{voice}"


def test_a_voice_of_the_samples_is_judged_whatever_its_name_would_draw():
    assert held_out("allison")
