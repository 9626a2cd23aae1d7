"""The issuer's rows read and written, in SQL Core; every function works inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import batched_compat as _unused
