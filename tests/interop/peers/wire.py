"""How the house speaks with a foreign implementation: one JSON request in, one JSON answer or a refusal out."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any


def serve(acts: Mapping[str, Callable[..., Any]], refusals: tuple[type[Exception], ...]) -> None:
    """Do one act. A refusal is an answer and names its exception; any other exception ends the process."""
    request = json.load(sys.stdin)
    try:
        answer = {"answer": acts[request.pop("act")](**request)}
    except refusals as refusal:
        answer = {"refused": type(refusal).__name__}
    json.dump(answer, sys.stdout)
