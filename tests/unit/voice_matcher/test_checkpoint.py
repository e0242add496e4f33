"""A third embedding by a checkpoint of the operator's choice: what it gives, and what it needs and lacks."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.voice_matcher.adapters.xvector import XVector
from services.voice_matcher.batch import batch_scores, with_checkpoint
from services.voice_matcher.domain import HeardVoice, ReferenceVoice, VoiceTemplate
from services.voice_matcher.embedding import CHECKPOINT, unit
from services.voice_matcher.listening import Effort
from services.voice_matcher.models import load_listener
from shared.errors import SettingsError
from tests.unit.voice_matcher.voices import Singer, yardstick

needs_torch = pytest.mark.skipif(
    find_spec("torch") is None or find_spec("transformers") is None,
    reason="the extra `hub` (torch, transformers) is not installed: nothing in the serving path needs it",
)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small WavLM with random weights, as `save_pretrained` writes it."""
    torch, transformers = import_module("torch"), import_module("transformers")
    torch.manual_seed(3)
    folder = tmp_path_factory.mktemp("wavlm")
    config: Any = transformers.WavLMConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        conv_dim=(8, 8),
        conv_stride=(20, 16),
        conv_kernel=(20, 16),
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=2,
        tdnn_dim=(16, 16),
        tdnn_kernel=(3, 1),
        tdnn_dilation=(1, 1),
        xvector_output_dim=24,
    )
    transformers.WavLMForXVector(config).save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor(sampling_rate=16_000).save_pretrained(folder)
    return folder


@needs_torch
def test_every_window_becomes_a_point_of_the_checkpoints_own_dimension(checkpoint: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, (16_000 * 8, 1)).astype(np.float32)
    heard = load_listener(XVector(str(checkpoint))).listen(noise, 16_000, Effort(10, insist=True))
    assert isinstance(heard, HeardVoice)
    third = heard.embeddings[CHECKPOINT]
    assert third.shape == (len(heard.windows), 24)
    assert np.linalg.norm(third, axis=1) == pytest.approx(1.0, abs=1e-5)


@needs_torch
def test_what_is_no_speaker_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no speaker checkpoint"):
        XVector(str(tmp_path))


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.voice_matcher.adapters.xvector.find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"trackgate\[hub\]"):
        XVector("microsoft/wavlm-base-plus-sv")


def test_the_third_embedding_tells_voices_apart_that_the_other_two_confuse() -> None:
    rng = np.random.default_rng(4)
    shared_voice = Singer(0)
    thirds = unit(rng.normal(size=(30, 24)))
    tracks = [
        HeardVoice(heard.windows, {**heard.embeddings, CHECKPOINT: np.tile(third, (6, 1))}, heard.odds)
        for number, third in enumerate(thirds)
        for heard in (shared_voice.heard(noise=0.5, seed=number),)
    ]
    artists = [
        VoiceTemplate(
            str(number), "-", (ReferenceVoice("-", "-", 9.0, {**shared_voice.vectors(), CHECKPOINT: third}),)
        )
        for number, third in enumerate(thirds)
    ]
    scores = batch_scores(with_checkpoint(yardstick(), 24, 0.4), artists, tracks)
    assert (scores.argmax(1) == np.arange(30)).all()
