"""Logs that cannot hold a person: JSON lines of an event and of fields from a closed list.

What other libraries log is untrusted, for their messages quote values: of theirs only the place, the level,
the kind of exception and, where there are arguments to leave out, the template is written.

>>> log("batch.closed", batch=7, count=1000)
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from typing import Final, TypedDict, Unpack

_HOUSE: Final = logging.getLogger("ecert")
_ROOMS: Final = frozenset({"ecert", "contracts", "ledger", "issuer", "wallet_codes", "verifier"})
_PLAIN: Final = re.compile(r"[A-Za-z0-9 ._:/{}<>+-]{0,160}")
_NUMBERED: Final = re.compile(r"[0-9]{14}")
_WITHHELD: Final = "(withheld)"


class Fields(TypedDict, total=False):
    """Everything that a log line may say besides its event."""

    authority: str
    batch: int
    block: int
    code: str
    count: int
    division: str
    error: str
    item: str
    key: str
    kind: str
    list: str
    method: str
    name: str
    path: str
    place: str
    region: str
    request: str
    role: str
    route: str
    seconds: float
    size: int
    status: int
    type: str
    url: str
    verdict: str
    worker: int


def log(event: str, *, level: int = logging.INFO, **fields: Unpack[Fields]) -> None:
    """Write one line; TypeError for a field that is not listed. Text that might be personal is withheld."""
    if unknown := fields.keys() - Fields.__annotations__.keys():
        message = f"a log line has no field {', '.join(sorted(unknown))}"
        raise TypeError(message)
    if _HOUSE.isEnabledFor(level):
        _HOUSE.log(level, event, extra={"fields": {name: _safe(value) for name, value in fields.items()}})


def install_logs(level: str) -> None:
    """Send every logger's lines to standard error as JSON; `level` is debug, info, warning or error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    if level != "debug":
        handler.addFilter(_is_worth_a_line)


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    # What other libraries tell below a warning is of use only to somebody who looks for a fault.
    return record.name == _HOUSE.name or record.levelno >= logging.WARNING


class JsonLines(logging.Formatter):
    """One JSON object a record: `time` (Unix seconds), `level`, then what is safe of the rest."""

    def format(self, record: logging.LogRecord) -> str:
        """Write the record as one line, without any argument, message or traceback of a foreign one."""
        line: dict[str, object] = {"time": round(record.created, 3), "level": record.levelname.lower()}
        if record.name == _HOUSE.name and hasattr(record, "fields"):
            line |= {"event": record.msg} | record.fields
        else:
            line |= _foreign(record)
        return json.dumps(line, ensure_ascii=False)


def place_of(error: BaseException) -> str:
    """Name the innermost place in the house, else anywhere, `module:line`; never the message: it quotes values."""
    frames = [(str(frame.f_globals.get("__name__")), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    own = [frame for frame in frames if frame[0].split(".")[0] in _ROOMS]
    name, line = (own or frames or [("?", 0)])[-1]
    return f"{name}:{line}"


def _foreign(record: logging.LogRecord) -> dict[str, object]:
    line: dict[str, object] = {
        "event": "foreign",
        "name": record.name,
        "place": f"{record.module}:{record.lineno}",
    }
    if record.args and isinstance(record.msg, str):
        line["template"] = record.msg
    error = record.exc_info[1] if record.exc_info else record.msg
    if isinstance(error, BaseException):
        line |= {"error": type(error).__name__, "raised": place_of(error)}
    return line


def _safe(value: object) -> object:
    # The name, address or number of a person is the one text that could come in by a listed field.
    if not isinstance(value, str):
        return value if isinstance(value, int | float) else _WITHHELD
    return value if _PLAIN.fullmatch(value) and not _NUMBERED.search(value) else _WITHHELD
