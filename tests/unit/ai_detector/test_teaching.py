"""A decoder is taught, kept and run again alike; only where torch is."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from services.ai_detector.training import teaching  # noqa: E402 - only where torch is


@pytest.mark.parametrize("name", sorted(teaching.KINDS))
def test_a_kept_decoder_renders_as_the_taught_one_did(name, tmp_path):
    rate = teaching.KINDS[name][0]
    sound = (0.1 * np.random.default_rng(1).standard_normal(rate)).astype(np.float32)

    network = teaching.taught(name, [sound], steps=1)
    teaching.save(network, tmp_path / "kept.pt")
    kept = teaching.load(name, tmp_path / "kept.pt")

    rendered = teaching.through(network, sound, seed=3)
    assert np.isfinite(rendered).all()
    assert rendered.std() > 0
    assert 0.9 * sound.size < rendered.size <= sound.size
    np.testing.assert_allclose(teaching.through(kept, sound, seed=3), rendered, atol=1e-5)


def test_a_sound_is_at_no_distance_from_itself_and_farther_from_noise_than_from_its_echo():
    sound = torch.randn(1, 8000, generator=torch.manual_seed(1))
    near, far = sound + 0.1 * sound.roll(300, 1), torch.randn(1, 8000)

    assert teaching.distance(sound, sound) == 0
    assert teaching.distance(near, sound) < teaching.distance(far, sound)
