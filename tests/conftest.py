"""Holds for every test: no deadline that a busy machine could miss, no setting from the developer's shell."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")

for variable in [name for name in os.environ if name.startswith("ECERT_")]:
    del os.environ[variable]
