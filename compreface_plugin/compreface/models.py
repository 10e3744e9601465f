"""What a server runs, as it told."""

from __future__ import annotations

from dataclasses import dataclass

from compreface_plugin.domain.calculators import service_model_id


@dataclass(frozen=True, slots=True)
class ServerModel:
    """`dimensions` is 0 while nobody knows: no face was seen yet."""

    calculator: str  # as reported; embeddings of two names are never compared
    detector: str  # "" when not told
    dimensions: int
    c0: float
    c1: float
    plugins: frozenset[str]  # slugs that may be asked for; empty: not told

    @property
    def model_id(self) -> str:
        return service_model_id(self.calculator, self.c0, self.c1)
