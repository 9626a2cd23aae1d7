"""JSON bodies as models: strict, closed and frozen; and the holder that several doors ask for."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from ecert.domain.holders import HolderRef, parse_holder_ref

__all__ = ["Body", "HolderRefBody"]


class Body(BaseModel):
    """What a door takes: members of their very types, and no others."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class HolderRefBody(Body):
    """A holder by type and number."""

    id_type: str = Field(max_length=4)
    id: str = Field(max_length=64)

    def ref(self) -> HolderRef:
        """Read the pair; Malformed `holder.*`."""
        return parse_holder_ref(self.model_dump())
