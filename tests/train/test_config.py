"""Configurations: overrides, unknown keys, kinds."""

from pathlib import Path

import pytest

from sayso.configuration import read_values
from sayso.errors import ConfigError
from sayso.train.config import load_config

SHIPPED = Path(__file__).parents[2] / "configs"
TEXT = """
kind: ask
folder: runs/x
loop: {max_steps: 7}
task:
  data: {store: here}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "run.yaml"
    file.write_text(TEXT)
    return file


def test_defaults_file_and_overrides(path: Path) -> None:
    config = load_config(path, ["loop.max_minutes=1.5", "task.loss.absent=0.2", "folder=y"])
    assert config.loop.max_steps == 7
    assert config.loop.max_minutes == 1.5
    assert config.task.model_dump()["loss"]["absent"] == 0.2
    assert config.folder == Path("y")


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("loop.steps=3", "loop.steps"),
        ("task.network.width=3", "width"),
        ("loop.max_steps=0", "loop.max_steps"),
        ("loop.max_steps", "expected a.b=value"),
        ("folder.x=1", "folder' holds a str, not keys"),
        ("kind=quartet", "one of ask, unet, adversarial"),
        ("loop.seed=[", "no YAML value"),
    ],
)
def test_what_is_wrong_is_named(path: Path, override: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_config(path, [override])


def test_missing_and_shapeless_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "none.yaml")
    (tmp_path / "list.yaml").write_text("- 1")
    with pytest.raises(ConfigError, match="expected keys"):
        load_config(tmp_path / "list.yaml")


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_shipped_configurations_load(path: Path) -> None:
    assert f"kind: {load_config(path).kind}" in path.read_text()


def test_a_configuration_without_end_is_not_read_to_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="more than"):
        read_values(Path("/dev/zero"))
