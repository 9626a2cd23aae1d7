"""The 37 certificate types as data: their elements, codes, validity rules and the provinces' names for them.

>>> from ecert.domain.catalogue import CATALOGUE, by_local_name
>>> by_local_name(region="31", name="身份证").code
'11100000000013127D001'
>>> len(CATALOGUE.types)
37
"""

from __future__ import annotations

from ecert.domain.catalogue.faces import check_elements, check_mutable
from ecert.domain.catalogue.kinds import Catalogue, CertificateType, CodeSet, Element
from ecert.domain.catalogue.lookups import CATALOGUE, by_code, by_local_name, by_no
from ecert.domain.catalogue.parsing import parse_catalogue
from ecert.domain.catalogue.terms import (
    LONG_TERM,
    ByAge,
    Closes,
    ElementRule,
    LongTerm,
    OnFace,
    Steps,
    Term,
    ValidityRule,
    Years,
    last_day,
)
from ecert.domain.catalogue.validity import lapsed_elements, shown_last_day

__all__ = [
    "CATALOGUE",
    "LONG_TERM",
    "ByAge",
    "Catalogue",
    "CertificateType",
    "Closes",
    "CodeSet",
    "Element",
    "ElementRule",
    "LongTerm",
    "OnFace",
    "Steps",
    "Term",
    "ValidityRule",
    "Years",
    "by_code",
    "by_local_name",
    "by_no",
    "check_elements",
    "check_mutable",
    "lapsed_elements",
    "last_day",
    "parse_catalogue",
    "shown_last_day",
]
