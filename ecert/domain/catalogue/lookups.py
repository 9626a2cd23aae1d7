"""The catalogue that this release of the house was built with, loaded once."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Final

from ecert.domain.catalogue.parsing import parse_catalogue

if TYPE_CHECKING:
    from ecert.domain.catalogue.kinds import Catalogue, CertificateType

CATALOGUE: Final[Catalogue] = parse_catalogue((files("ecert.domain") / "catalogue.toml").read_bytes())


def by_code(code: str) -> CertificateType:
    """Find a type by its 21-character code; NotFound `type.unknown`."""
    return CATALOGUE.by_code(code)


def by_no(no: int) -> CertificateType:
    """Find a type by its number in the catalogue; NotFound `type.unknown`."""
    return CATALOGUE.by_no(no)


def by_local_name(*, region: str, name: str) -> CertificateType:
    """Find a type by what a region calls it, then the delta; NotFound `type.unknown`."""
    return CATALOGUE.by_local_name(region=region, name=name)
