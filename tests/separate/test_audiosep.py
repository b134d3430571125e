"""AudioSep: published checkpoint layouts, cutting and joining, and the words' embeddings."""

from __future__ import annotations

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from sayso.audio import Audio  # noqa: E402
from sayso.errors import Cancelled, ModelError, UnknownTargetError  # noqa: E402
from sayso.networks.clap import PADDING, ClapText, ClapTextConfig  # noqa: E402
from sayso.networks.resunet30 import ResUNet30, ResUNet30Config  # noqa: E402
from sayso.separate.audiosep import (  # noqa: E402
    AudioSepSeparator,
    AudioSepSettings,
    read_resunet30,
)
from sayso.separate.devices import Device  # noqa: E402
from sayso.separate.prompts import Prompts  # noqa: E402
from sayso.watch import Watch  # noqa: E402

SMALL = ResUNet30Config(width=4, widths=(4, 6, 6, 8, 8, 8), condition=16)
TOWER = ClapTextConfig(tokens=300, longest=20, width=16, inner=32, layers=1, heads=2, embedding=16)
EXACT = Device(kind="cpu", precision="float32")


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(4)
    net = ResUNet30(SMALL).eval()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_var.uniform_(0.5, 1.5)
    return net


@pytest.fixture(scope="module")
def clap_files(tmp_path_factory):
    """A tiny CLAP checkpoint in the published layout, and a vocabulary of single letters."""
    folder = tmp_path_factory.mktemp("clap")
    torch.manual_seed(5)
    tower = ClapText(TOWER).state_dict()
    state = {f"module.{key}": value for key, value in tower.items()}
    state["module.text_branch.embeddings.position_ids"] = torch.arange(22)[None]
    state["module.audio_branch.bn0.weight"] = torch.ones(4)
    state["module.logit_scale_a"] = torch.tensor(14.3)
    path = folder / "clap.pt"
    torch.save({"epoch": 15, "best": np.float64(0.9), "state_dict": state}, path)
    letters = [chr(n) for n in range(97, 123)] + ["\u0120", ",", "\u0120a"]
    tokens = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3} | {
        letter: number for number, letter in enumerate(letters, start=4)
    }
    (folder / "vocab.json").write_text(json.dumps(tokens))
    (folder / "merges.txt").write_text("#version: 0.2\n\u0120 a\n")
    return folder


@pytest.fixture
def prompts(clap_files, tmp_path):
    return Prompts(
        clap_files / "clap.pt",
        tokens=clap_files / "vocab.json",
        merges=clap_files / "merges.txt",
        kept=tmp_path / "kept",
        config=TOWER,
    )


@pytest.fixture
def separator(network):
    settings = AudioSepSettings(segment_s=2, overlap=0.4, device=EXACT)
    return AudioSepSeparator(network, embedding_of, settings=settings)


def embedding_of(text):
    rng = np.random.default_rng(len(text))
    return (rng.standard_normal(16) / 4).astype(np.float32)


def mixture(seconds, channels=2, rate=32_000):
    samples = np.random.default_rng(3).standard_normal((channels, round(seconds * rate)))
    return Audio((0.1 * samples).astype(np.float32), rate)


def whole(network, mix, text):
    with torch.inference_mode():
        offsets = network.offsets(torch.from_numpy(embedding_of(text))[None])
        return network(torch.from_numpy(np.array(mix.samples)), offsets).numpy()


def test_a_short_clip_is_heard_in_one_piece(separator, network):
    mix = mixture(1.9)
    stem = separator.separate(mix, ["dog barking"])["dog barking"]
    assert np.abs(stem.samples - whole(network, mix, "dog barking")).max() < 1e-6
    tiny = mixture(0.003)
    assert separator.separate(tiny, ["dog"])["dog"].frames == tiny.frames


def test_joins_leave_no_mark(network):
    settings = AudioSepSettings(segment_s=3.84, overlap=0.5, device=EXACT)
    separator = AudioSepSeparator(network, embedding_of, settings=settings)
    mix = mixture(5, channels=1)
    stem = separator.separate(mix, ["rain"])["rain"].samples
    expected = whole(network, mix, "rain")
    # Where the file begins and ends, a window knows of silence and a whole pass of an echo.
    inner = slice(8000, -16_000)
    error = np.linalg.norm((stem - expected)[:, inner]) / np.linalg.norm(expected[:, inner])
    assert 20 * np.log10(error) < -40


@pytest.mark.parametrize(("channels", "rate"), [(1, 44_100), (2, 16_000), (3, 48_000)])
def test_any_rate_and_channels_come_back_as_they_were(separator, channels, rate):
    mix = mixture(0.8, channels, rate)
    stems = separator.separate(mix, ["a cat", "vocals"])
    assert list(stems) == ["a cat", "vocals"]
    for stem in stems.values():
        assert (stem.samples.shape, stem.sample_rate) == (mix.samples.shape, rate)
    assert np.abs(stems["a cat"].samples - stems["vocals"].samples).max() > 1e-4


def test_channels_are_heard_one_by_one(separator):
    mix = mixture(0.5)
    both = separator.separate(mix, ["dog"])["dog"].samples
    alone = separator.separate(Audio(mix.samples[1:], 32_000), ["dog"])["dog"].samples
    assert np.abs(both[1:] - alone).max() < 1e-6


def test_progress_cancellation_and_empty_words(separator):
    seen = []
    separator.separate(mixture(3, 1), ["dog"], watch=Watch(seen.append))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    with pytest.raises(Cancelled):
        separator.separate(mixture(4), ["dog"], watch=Watch(cancelled=lambda: True))
    with pytest.raises(UnknownTargetError):
        separator.separate(mixture(1), [" "])


@pytest.mark.parametrize("prefix", ["ss_model.", ""])
def test_the_published_checkpoint_layout(tmp_path, network, prefix):
    state = {f"{prefix}{key}": value for key, value in network.state_dict().items()}
    state[f"{prefix}base.stft.conv_real.weight"] = torch.ones(3)
    state[f"{prefix}base.decoder_block1.bn2.weight"] = torch.ones(8)
    state[f"{prefix}film.decoder_block1->beta2.weight"] = torch.ones(8, 16)
    if prefix:
        state["query_encoder.model.logit_scale_a"] = torch.tensor(1.0)
    path = tmp_path / "a.ckpt"
    torch.save({"state_dict": state, "global_step": 1, "pytorch-lightning_version": "2"}, path)
    found = read_resunet30(path, SMALL).state_dict()
    assert all(torch.equal(found[k], v) for k, v in network.state_dict().items())
    state.pop(f"{prefix}base.pre_conv.weight")
    torch.save({"state_dict": state}, path)
    with pytest.raises(ModelError, match=r"a\.ckpt: .*1 missing \(base\.pre_conv\.weight\)"):
        read_resunet30(path, SMALL)
    torch.save({"weights": 0}, path)
    with pytest.raises(ModelError, match=r"a\.ckpt: no AudioSep checkpoint"):
        read_resunet30(path, SMALL)


def test_embeddings_are_of_length_one_and_kept(prompts, clap_files):
    first = prompts.embed("a dog")
    assert first.shape == (16,)
    assert np.linalg.norm(first) == pytest.approx(1, abs=1e-5)
    again = Prompts(
        clap_files / "clap.pt",
        tokens=clap_files / "absent",
        merges=clap_files / "absent",
        kept=prompts._kept,
        config=TOWER,
    )
    assert np.array_equal(again.embed("a dog"), first)
    for path in prompts._kept.iterdir():
        path.write_bytes(path.read_bytes()[:40])
    assert np.array_equal(prompts.embed("a dog"), first)
    with pytest.raises(ModelError, match="expected RoBERTa's absent"):
        again.embed("a cat")


def test_names_of_ours_are_put_in_words(prompts):
    assert np.array_equal(prompts.embed("vocals"), prompts.embed("singing voice"))


def test_padding_changes_nothing(clap_files):
    torch.manual_seed(5)
    tower = ClapText(TOWER).eval()
    ids = torch.tensor([[0, 9, 10, 11, 2]])
    padded = torch.nn.functional.pad(ids, (0, 8), value=PADDING)
    with torch.inference_mode():
        assert (tower(ids) - tower(padded)).abs().max() < 1e-6


def test_a_checkpoint_without_a_text_tower_is_named(prompts, tmp_path, clap_files):
    path = tmp_path / "other.pt"
    torch.save({"state_dict": {"module.audio_branch.a": torch.ones(1)}}, path)
    other = Prompts(
        path,
        tokens=clap_files / "vocab.json",
        merges=clap_files / "merges.txt",
        kept=None,
        config=TOWER,
    )
    with pytest.raises(ModelError, match=r"other\.pt: it holds no text tower"):
        other.embed("a dog")
