"""Any audio-classification checkpoint gives the same finding; what it needs and lacks is said at start-up."""

import asyncio
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr

from services.ai_detector.adapters.process_pool import PooledMeter
from services.ai_detector.backends import chosen
from services.ai_detector.finding import finding
from services.ai_detector.measurement import Measurement, Obstacle
from services.ai_detector.settings import BackendKind, DetectorSettings
from shared.errors import SettingsError
from shared.events import Verdict
from tests.support.events import A_TIME, an_upload
from tests.unit.ai_detector.sounds import coloured_noise

needs_torch = pytest.mark.skipif(
    find_spec("torch") is None or find_spec("transformers") is None,
    reason="the extra `hub` (torch, transformers) is not installed: nothing in the serving path needs it",
)
RATE = 44_100


def settings(checkpoint: str | Path, **more: Any) -> DetectorSettings:
    return DetectorSettings.load(
        ai_detector_backend=BackendKind.HUGGINGFACE, ai_detector_checkpoint=str(checkpoint), **more
    )


@pytest.fixture(scope="module", params=["spectrogram", "waveform"])
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small checkpoint with random weights, as `save_pretrained` writes it."""
    torch, transformers = import_module("torch"), import_module("transformers")
    torch.manual_seed(7)
    folder = tmp_path_factory.mktemp(f"tiny-{request.param}")
    labels = {"id2label": {0: "Fake", 1: "Real"}, "label2id": {"Fake": 0, "Real": 1}}
    model: Any
    extractor: Any
    if request.param == "spectrogram":
        config = transformers.ASTConfig(
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
            max_length=256,
            num_mel_bins=32,
            **labels,
        )
        model = transformers.ASTForAudioClassification(config)
        extractor = transformers.ASTFeatureExtractor(num_mel_bins=32, max_length=256)
    else:
        waveform = transformers.Wav2Vec2Config(
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
            conv_dim=(8, 8, 8),
            conv_stride=(5, 4, 4),
            conv_kernel=(10, 8, 4),
            num_conv_pos_embeddings=8,
            num_conv_pos_embedding_groups=2,
            classifier_proj_size=8,
            **labels,
        )
        model = transformers.Wav2Vec2ForSequenceClassification(waveform)
        extractor = transformers.Wav2Vec2FeatureExtractor(sampling_rate=16_000)
    model.save_pretrained(folder)
    extractor.save_pretrained(folder)
    return folder


@pytest.fixture
def song(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "song.wav", coloured_noise(35, RATE, channels=2), RATE)
    return tmp_path / "song.wav"


def heard(where: DetectorSettings, file: Path) -> Measurement:
    result = chosen(where).work(file, None).result
    assert isinstance(result, Measurement)
    return result


@needs_torch
def test_a_checkpoint_gives_the_same_finding_as_the_shipped_detector(checkpoint: Path, song: Path) -> None:
    backend = chosen(settings(checkpoint))
    event = finding(an_upload(), backend.work(song, None), model_version=backend.model_version, at=A_TIME)
    assert event.verdict in {Verdict.LIKELY_GENERATED, Verdict.INCONCLUSIVE, Verdict.NOT_DETECTED}
    assert event.model_version == backend.model_version
    assert event.model_version.startswith(f"hf-{checkpoint.name}@")
    assert event.probability is not None
    assert event.threshold == 0.9
    assert event.seconds_measured == pytest.approx(30.0, abs=0.1)
    assert len(event.passages) == 3
    assert event.probability == pytest.approx(np.mean([p.probability for p in event.passages]))
    assert event.reason is not None
    assert "not calibrated" in event.reason


@needs_torch
def test_the_probability_is_the_model_s_own(checkpoint: Path, song: Path) -> None:
    torch, transformers = import_module("torch"), import_module("transformers")
    extractor = transformers.AutoFeatureExtractor.from_pretrained(checkpoint)
    model = transformers.AutoModelForAudioClassification.from_pretrained(checkpoint).eval()
    pcm, _ = soundfile.read(song, dtype="float32")
    low = soxr.resample(pcm.mean(axis=1), RATE, 16_000)
    with torch.inference_mode():
        logits = model(**extractor(low[:160_000], sampling_rate=16_000, return_tensors="pt")).logits
    first = heard(settings(checkpoint), song).passages[0]
    assert first.probability == pytest.approx(float(torch.softmax(logits, dim=1)[0, 0]), abs=1e-4)


@needs_torch
def test_labels_are_the_operator_s_to_name(checkpoint: Path, song: Path) -> None:
    fake = heard(settings(checkpoint), song).probability
    real = heard(settings(checkpoint, ai_detector_generated_labels=("real",)), song).probability
    assert fake is not None
    assert real == pytest.approx(1 - fake)
    with pytest.raises(SettingsError, match="Fake, Real"):
        chosen(settings(checkpoint, ai_detector_generated_labels=("invented",)))


@needs_torch
def test_thresholds_are_the_operator_s_to_set(checkpoint: Path, song: Path) -> None:
    low = settings(checkpoint, ai_detector_likely=0.001, ai_detector_inconclusive=0.0005)
    assert heard(low, song).verdict is Verdict.LIKELY_GENERATED
    high = settings(checkpoint, ai_detector_likely=0.9999, ai_detector_inconclusive=0.9998)
    assert heard(high, song).verdict is Verdict.NOT_DETECTED


@needs_torch
@pytest.mark.parametrize(
    ("seconds", "level", "obstacle"), [(3.0, 1.0, Obstacle.TOO_SHORT), (20.0, 0.0, Obstacle.SILENT)]
)
def test_what_cannot_be_measured_says_why(
    checkpoint: Path, tmp_path: Path, seconds: float, level: float, obstacle: Obstacle
) -> None:
    soundfile.write(tmp_path / "x.wav", level * coloured_noise(seconds, RATE), RATE)
    found = heard(settings(checkpoint), tmp_path / "x.wav")
    assert (found.verdict, found.obstacle) == (Verdict.NOT_MEASURED, obstacle)


@needs_torch
def test_other_weights_are_another_version(checkpoint: Path, tmp_path: Path) -> None:
    before = chosen(settings(checkpoint)).model_version
    copy = tmp_path / checkpoint.name
    copy.mkdir()
    for file in checkpoint.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    assert chosen(settings(copy)).model_version == before
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\1")
    assert chosen(settings(copy)).model_version != before


@needs_torch
@pytest.mark.timeout(300)  # a spawned process imports torch
def test_it_measures_in_processes_of_their_own(checkpoint: Path, song: Path) -> None:
    backend = chosen(settings(checkpoint))

    async def measured() -> object:
        async with PooledMeter(1, backend.work) as meter:
            return (await meter.measure(song, sha256=None)).result

    assert asyncio.run(measured()) == heard(settings(checkpoint), song)


@needs_torch
def test_a_model_that_hears_no_audio_stops_the_start(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes((checkpoint / "config.json").read_bytes())
    with pytest.raises(SettingsError, match="no feature extractor"):
        chosen(settings(tmp_path))
    (tmp_path / "preprocessor_config.json").write_text('{"image_mean": [0.5]}')
    with pytest.raises(SettingsError, match="hears no audio"):
        chosen(settings(tmp_path))


@needs_torch
def test_no_such_checkpoint_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SettingsError, match="no checkpoint"):
        chosen(settings(tmp_path / "empty"))


def test_without_torch_the_start_fails_and_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.ai_detector.adapters.huggingface.find_spec", lambda _name: None)
    with pytest.raises(SettingsError, match=r"torch and transformers.*trackgate\[hub\]"):
        chosen(settings(tmp_path))


def test_the_shipped_detector_never_imports_torch() -> None:
    chosen(DetectorSettings.load())
    if find_spec("torch") is None:
        assert "torch" not in sys.modules


def test_the_back_end_needs_a_checkpoint_and_ordered_thresholds() -> None:
    with pytest.raises(SettingsError, match="CHECKPOINT"):
        DetectorSettings.load(ai_detector_backend=BackendKind.HUGGINGFACE)
    with pytest.raises(SettingsError, match="INCONCLUSIVE"):
        settings("x", ai_detector_likely=0.5, ai_detector_inconclusive=0.6)
