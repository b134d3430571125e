"""The public models that Sayso can run: what each is, whose, and which files it needs.

Facts about others' models, gathered from their repositories and papers. `metrics` are signal to
distortion ratios in dB as others published them (MUSDB18-HQ, median over songs); models that were
trained on the test set have none.
"""

from __future__ import annotations

from collections.abc import Mapping

from sayso.checkpoints import WeightFile
from sayso.separate.demucs_files import Bag
from sayso.separate.packaged import DNSMOS, HTDEMUCS, PACKAGED
from sayso.separate.row import FOUR, CatalogueRow

_DEMUCS = "https://dl.fbaipublicfiles.com/demucs/"
_AUDIOSEP = "https://huggingface.co/spaces/Audio-AGI/AudioSep/resolve/main/checkpoint/"
_ROBERTA = "https://huggingface.co/FacebookAI/roberta-base/resolve/main/"
_WHISPER = "https://huggingface.co/Systran/faster-whisper-base/resolve/main/"
_DEMUCS_WEIGHTS = (
    "not stated: the author says that the code's MIT does not cover them; "
    "the copies on the Hugging Face hub are tagged MIT"
)
_ONE_OF_FOUR = ((1.0, 0, 0, 0), (0, 1.0, 0, 0), (0, 0, 1.0, 0), (0, 0, 0, 1.0))


def _demucs(
    name: str,
    folder: str,
    members: tuple[str, ...],
    *,
    rank: int,
    quality: str,
    cost: str,
    size_mb: float = 0,
    hears: tuple[str, ...] = FOUR,
    metrics: Mapping[str, float] | None = None,
    bag: Bag | None = None,
    like: WeightFile | None = None,
    note: str = "",
) -> CatalogueRow:
    """A model of the demucs package; a checkpoint's name ends in the first digits of its hash."""
    files = tuple(
        WeightFile(
            name=f"demucs/{member}.th",
            url=f"{_DEMUCS}{folder}/{member}.th",
            sha256=member.split("-")[1],
            size_mb=size_mb,
            like=like,
        )
        for member in members
    )
    return CatalogueRow(
        name=name,
        kind="demucs",
        hears=hears,
        files=files,
        needs=("torch", "demucs"),
        ranks={"music": rank},
        bag=bag or Bag(models=tuple(member.split("-")[0] for member in members)),
        code="MIT",
        weights=_DEMUCS_WEIGHTS,
        quality=quality,
        cost=cost,
        metrics=metrics or {},
        note=note,
    )


_TEST_SET = "trained on MUSDB's test songs, too: its figures on them mean nothing"
_FT = ("f7e0c4bc-ba3fe64a", "d12395a8-e57c48e6", "92cfc3b6-ef3bcb9c", "04573f0d-f3cf25b2")
_EXTRA = ("e51eebcc-c1b80bdd", "a1d90b5c-ae9d2452", "5d2d6c55-db83574e", "cfa93e08-61801ae1")
_EXTRA_Q = ("83fc094f-4a16d450", "464b36d7-e5a9386e", "14fc6a69-a89dd0ee", "7fd6ef75-a905dd85")

MODELS: tuple[CatalogueRow, ...] = (
    _demucs(
        "htdemucs_ft",
        "hybrid_transformer",
        _FT,
        size_mb=84,
        rank=90,
        quality="the best for music: one network tuned to each stem",
        cost="about half a minute a stem on two cores",
        metrics={"vocals": 9.19, "drums": 10.11, "bass": 10.38, "other": 6.34},
        bag=Bag(models=tuple(m.split("-")[0] for m in _FT), weights=_ONE_OF_FOUR),
    ),
    *PACKAGED,
    _demucs(
        "htdemucs_torch",
        "hybrid_transformer",
        ("955717e8-8726e21a",),
        size_mb=84,
        rank=84,
        quality="htdemucs as it was first published, run by torch",
        cost="about half a minute on two cores, less with bfloat16",
        like=HTDEMUCS[0],
        note="takes the weights of htdemucs where those are here",
    ),
    _demucs(
        "htdemucs_6s",
        "hybrid_transformer",
        ("5c90dfd2-34c22ccb",),
        size_mb=55,
        hears=(*FOUR, "guitar", "piano"),
        rank=80,
        quality="guitar and piano beside the four; its piano is poor, its authors say",
        cost="about half a minute on two cores",
    ),
    _demucs(
        "mdx_extra",
        "mdx_final",
        _EXTRA,
        size_mb=167,
        rank=70,
        quality="good for music; older than htdemucs",
        cost="four minutes on two cores",
        bag=Bag(models=tuple(m.split("-")[0] for m in _EXTRA), segment=44),
        note=_TEST_SET,
    ),
    _demucs(
        "mdx_extra_q",
        "mdx_final",
        _EXTRA_Q,
        rank=65,
        quality="mdx_extra in fewer bits: smaller, a little worse",
        cost="four minutes on two cores",
        bag=Bag(models=tuple(m.split("-")[0] for m in _EXTRA_Q), segment=44),
        note=_TEST_SET,
    ),
    CatalogueRow(
        name="audiosep",
        kind="audiosep",
        hears=("vocals", "drums", "bass", "other", "speech", "noise"),
        open_words=True,
        needs=("torch", "transformers", "tokenizers"),
        ranks={"music": 30, "speech": 60, "sounds": 60},
        files=(
            WeightFile(
                name="audiosep/audiosep_base_4M_steps.ckpt",
                url=f"{_AUDIOSEP}audiosep_base_4M_steps.ckpt",
                size_mb=1260,
            ),
            WeightFile(
                name="audiosep/music_speech_audioset_epoch_15_esc_89.98.pt",
                url=f"{_AUDIOSEP}music_speech_audioset_epoch_15_esc_89.98.pt",
                size_mb=2350,
            ),
            WeightFile(name="roberta-base/vocab.json", url=f"{_ROBERTA}vocab.json", size_mb=0.9),
            WeightFile(name="roberta-base/merges.txt", url=f"{_ROBERTA}merges.txt", size_mb=0.5),
        ),
        code="MIT; CLAP CC0-1.0; RoBERTa MIT",
        weights="none stated beside the checkpoints; RoBERTa MIT",
        quality="any sound in words; on music well behind Demucs",
        cost="about a minute and a half a channel and sound on two cores",
        note="mono inside, nothing above 16 kHz; published SI-SDR: AudioCaps 7.19, MUSIC 9.43, "
        "ESC-50 8.81, VGGSound 9.04 dB (means)",
    ),
    CatalogueRow(
        name="dns64",
        kind="dns64",
        hears=("speech",),
        needs=("torch",),
        ranks={"speech": 80},
        files=(
            WeightFile(
                name="dns64/dns64-a7761ff99a7d5bb6.th",
                sha256="a7761ff99a7d5bb6",
                size_mb=134,
                gated="its licence, CC-BY-NC 4.0, forbids commercial use: accept it and get the "
                "file as the README of github.com/facebookresearch/denoiser says",
            ),
        ),
        code="CC-BY-NC 4.0 (not used here)",
        weights="CC-BY-NC 4.0: no commercial use",
        quality="takes noise from speech; 16 kHz",
        cost="a few seconds",
    ),
    CatalogueRow(
        name="cnn14",
        kind="cnn14",
        files=(
            WeightFile(
                name="panns/Cnn14_mAP=0.431.pth",
                url="https://zenodo.org/record/3987831/files/Cnn14_mAP%3D0.431.pth",
                size_mb=327,
            ),
            WeightFile(
                name="panns/class_labels_indices.csv",
                url="http://storage.googleapis.com/us_audioset/youtube_corpus/v1/csv/"
                "class_labels_indices.csv",
            ),
        ),
        code="MIT",
        weights="CC-BY 4.0",
        quality="names what can be heard, out of 527 kinds of sound",
        cost="a second",
        note="mAP 0.431 on AudioSet",
    ),
    CatalogueRow(
        name="whisper",
        kind="whisper",
        files=tuple(
            WeightFile(name=f"whisper-base/{name}", url=f"{_WHISPER}{name}", size_mb=size)
            for name, size in (
                ("model.bin", 145),
                ("config.json", 0),
                ("tokenizer.json", 2.2),
                ("vocabulary.txt", 0.5),
            )
        ),
        code="MIT",
        weights="MIT",
        quality="writes down what is said, in 99 languages",
        cost="ten seconds",
    ),
    CatalogueRow(
        name="dnsmos",
        kind="dnsmos",
        files=DNSMOS,
        code="MIT",
        weights="CC-BY 4.0",
        quality="rates speech as listeners would, without a reference",
        cost="a second",
    ),
)
"""In the order in which they are listed: separators of music first, the best of them first."""

BEST = ("spleeter", "deepfilternet3", "htdemucs")
"""What `sayso models pull best` fetches, the freest licence and the quickest model first."""
