"""CLAP's text tower: words in, the embedding that AudioSep was trained to be asked with out.

RoBERTa (through transformers) and a projection of two layers, normalised to length one. Attribute
names are those of the published checkpoint's keys once the prefix `module.` is taken off. Source:
Wu et al. 2023, arXiv:2211.06687.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from sayso.configuration import Frozen

BEGIN, PADDING, END = 0, 1, 2
"""RoBERTa's token ids for the beginning, nothing, and the end of a text."""

UNUSED_KEYS = ("text_branch.embeddings.position_ids",)
"""A constant that older versions of transformers stored among the weights."""


class ClapTextConfig(Frozen):
    """Sizes; the defaults are those of RoBERTa base and AudioSep's CLAP.

    Fields:
        tokens: in the vocabulary.
        longest: tokens of a text, its two marks included.
        width: of the transformer.
        inner: of its feed-forward layers.
        layers: how many.
        heads: of attention.
        embedding: size of what comes out.
    """

    tokens: int = 50_265
    longest: int = 512
    width: int = 768
    inner: int = 3072
    layers: int = 12
    heads: int = 12
    embedding: int = 512


class ClapText(nn.Module):
    """Token ids [B, N] -> embeddings [B, D] of length one.

    Args:
        config: sizes.
    Raises: ModuleNotFoundError without transformers.
    """

    def __init__(self, config: ClapTextConfig | None = None) -> None:
        super().__init__()
        from transformers import RobertaConfig, RobertaModel

        self.config = config = config or ClapTextConfig()
        settings: Any = RobertaConfig(
            vocab_size=config.tokens,
            # RoBERTa counts positions from the one after its padding mark.
            max_position_embeddings=config.longest + PADDING + 1,
            hidden_size=config.width,
            intermediate_size=config.inner,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            type_vocab_size=1,
            layer_norm_eps=1e-5,
        )
        self.text_branch = RobertaModel(settings)
        self.text_projection = nn.Sequential(
            nn.Linear(config.width, config.embedding),
            nn.ReLU(),
            nn.Linear(config.embedding, config.embedding),
        )

    def forward(self, ids: Tensor) -> Tensor:
        """Embeddings of texts [B, N], shorter ones filled up with PADDING."""
        answer = self.text_branch(input_ids=ids, attention_mask=(ids != PADDING).long())
        embedding: Tensor = functional.normalize(self.text_projection(answer.pooler_output), dim=-1)
        return embedding
