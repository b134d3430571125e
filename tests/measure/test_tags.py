from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from sayso.audio import Audio  # noqa: E402
from sayso.errors import Cancelled, ModelError  # noqa: E402
from sayso.measure.tags import Tagger, Tags, read_labels  # noqa: E402
from sayso.networks.cnn14 import Cnn14, Cnn14Config  # noqa: E402
from sayso.watch import Watch  # noqa: E402

SMALL = Cnn14Config(widths=(4, 4, 4, 4, 4, 8), classes=3)
LABELS = 'index,mid,display_name\n0,/m/a,"Speech"\n2,/m/c,"Dog"\n1,/m/b,"Music, loud"\n'


@pytest.fixture
def files(tmp_path):
    torch.manual_seed(2)
    torch.set_num_threads(1)
    state = Cnn14(SMALL).state_dict() | {
        "spectrogram_extractor.stft.conv_real.weight": torch.ones(2),
        "logmel_extractor.melW": torch.ones(2),
    }
    # PANNs were published in the layout before torch 1.6.
    torch.save(
        {"iteration": 1, "model": state},
        tmp_path / "a.pth",
        _use_new_zipfile_serialization=False,
    )
    (tmp_path / "labels.csv").write_text(LABELS)
    return tmp_path


def noise(seconds, channels=1, rate=32_000):
    samples = np.random.default_rng(3).standard_normal((channels, round(seconds * rate)))
    return Audio((0.1 * samples).astype(np.float32), rate)


def test_kinds_window_by_window(files):
    tagger = Tagger.load(files / "a.pth", files / "labels.csv", config=SMALL)
    seen = []
    tags = tagger.tag(noise(20.1, 2, 16_000), watch=Watch(seen.append))
    assert len(tags.windows) == 3
    assert tags.names == ("Speech", "Music, loud", "Dog")
    assert all(0 < value < 1 for value in tags.presence("Dog"))
    assert list(tags.top(2).values()) == sorted(tags.top(2).values(), reverse=True)
    assert seen[-1] == 1.0
    with pytest.raises(ModelError, match="no kind of sound called 'Cat'"):
        tags.presence("Cat")
    with pytest.raises(Cancelled):
        tagger.tag(noise(1), watch=Watch(cancelled=lambda: True))


def test_the_shortest_recording(files):
    tagger = Tagger.load(files / "a.pth", files / "labels.csv", config=SMALL)
    assert len(tagger.tag(noise(0.001)).windows) == 1


def test_top_takes_the_likeliest_of_any_window():
    tags = Tags(window_s=10, names=("a", "b", "c"), windows=((0.1, 0.5, 0.2), (0.9, 0.0, 0.3)))
    assert list(tags.top(2)) == ["a", "b"]


def test_wrong_files_are_named(files):
    with pytest.raises(ModelError, match="there are 3 names for 527"):
        Tagger(Cnn14(Cnn14Config(widths=(1, 1, 1, 1, 1, 1))), read_labels(files / "labels.csv"))
    with pytest.raises(ModelError, match=r"none\.csv: there is no such file"):
        read_labels(files / "none.csv")
    (files / "bad.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ModelError, match=r"bad\.csv: not AudioSet's labels"):
        read_labels(files / "bad.csv")
    torch.save({"weights": 1}, files / "b.pth")
    with pytest.raises(ModelError, match=r"b\.pth: no checkpoint of PANNs"):
        Tagger.load(files / "b.pth", files / "labels.csv")
    with pytest.raises(ModelError, match=r"a\.pth: its weights do not fit Cnn14"):
        Tagger.load(files / "a.pth", files / "labels.csv", config=Cnn14Config(widths=(1,) * 6))
