"""Validators as processes that outlive the command that started them: a pid file each, and never a stranger's pid.

A pid is used again by the system, so the file also keeps the process's start (proc(5), stat, field 22).
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from ecert.app.network.homes import BINARY
from ecert.app.network.plan import Node, Plan
from ecert.domain.errors import Conflict, EcertError, NotAllowed, Unavailable

__all__ = ["complaint", "fault_of", "is_up", "start", "stop", "wipe"]

_PATIENCE: Final = 30.0
_KEPT: Final = "priv_validator_state.json"
_FULL: Final = "no space left on device"
_RIGHT: Final = "this validator's clock is right again"
_LAST: Final = 1 << 20
_REFUSALS: Final[dict[str, type[EcertError]]] = {
    "network.genesis": Conflict,
    "network.chain_id": Conflict,
    "network.key_twice": Conflict,
    "network.key_readable": Unavailable,
    "network.open_door": NotAllowed,
}
"""What the validator itself refuses at its start, by the code that begins its last words."""


def start(plan: Plan, node: Node) -> None:
    """Start a validator in a session of its own; its words go to `<name>.log`."""
    log = str(_log(plan, node))
    arguments = [str(BINARY), "start", "--home", str(plan.home(node)), "--log_no_color"]
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    _mark(plan, node).unlink(missing_ok=True)
    begun = _log(plan, node).stat().st_size if _log(plan, node).exists() else 0
    pid = os.posix_spawn(arguments[0], arguments, dict(os.environ), file_actions=actions, setsid=True)
    _mark(plan, node).write_text(f"{pid} {_begun(pid)} {begun}\n", "ascii")


def is_up(plan: Plan, node: Node) -> bool:
    """Tell whether the validator that was started here still runs."""
    return _pid(plan, node) is not None


def stop(plan: Plan, node: Node, *, hard: bool = False) -> None:
    """End a validator and wait for it; `hard` as a power cut would. One that is down stays down."""
    pid = _pid(plan, node)
    if pid is None:
        return
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL if hard else signal.SIGTERM)
    deadline = time.monotonic() + _PATIENCE
    while _pid(plan, node) is not None:
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            deadline += _PATIENCE
        time.sleep(0.05)
    _mark(plan, node).unlink(missing_ok=True)


def wipe(plan: Plan, node: Node) -> None:
    """Forget a validator's blocks and state, as a lost disk does; Conflict("network.running").

    Its keys stay, and so does what it signed last: without that it could sign a height twice.
    """
    if is_up(plan, node):
        raise Conflict("network.running", node.name)
    for entry in (plan.home(node) / "data").iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        elif entry.name != _KEPT:
            entry.unlink()


def fault_of(plan: Plan, node: Node) -> EcertError:
    """Say why a validator ended by itself, from its last words."""
    words = _words(plan, node)
    for line in reversed(words[-4000:].splitlines()):
        for code, root in _REFUSALS.items():
            if f"{code}: " in line:
                return root(code, line.partition(f"{code}: ")[2][:300])
    if _FULL in words:
        return Unavailable("network.disk", node.name)
    return Unavailable("network.ended", f"{node.name}: {words.strip()[-300:]}")


def complaint(plan: Plan, node: Node) -> str | None:
    """Name what is wrong with a validator that ended by itself, or that runs with a full disk or a wrong clock.

    On a full disk CometBFT leaves consensus and goes on answering with old blocks, until it is started anew. A wrong
    clock is said once a minute, and when it is right again.
    """
    if not _mark(plan, node).exists():
        return None
    if not is_up(plan, node):
        return fault_of(plan, node).code
    words = _words(plan, node)
    if _FULL in words:
        return "network.disk"
    return "network.clock" if words.rfind("network.clock: ") > words.rfind(_RIGHT) else None


def _words(plan: Plan, node: Node) -> str:
    """Read what a validator has said since its start, its last 1 MiB."""
    begun = 0
    with suppress(OSError, ValueError, IndexError):
        begun = int(_mark(plan, node).read_text("ascii").split()[2])
    with _log(plan, node).open("rb") as file:
        file.seek(max(begun, file.seek(0, os.SEEK_END) - _LAST))
        return file.read().decode("utf-8", "replace")


def _pid(plan: Plan, node: Node) -> int | None:
    try:
        pid, begun, _ = _mark(plan, node).read_text("ascii").split()
    except (OSError, ValueError):
        return None
    with suppress(ChildProcessError):  # Where this process started it, its end has to be taken note of.
        os.waitpid(int(pid), os.WNOHANG)
    return int(pid) if _begun(int(pid)) == begun else None


def _begun(pid: int) -> str:
    """Return when a process started, in ticks; empty where there is none or it is dead.

    One whose first thread has ended still holds its ports and files until the last one has.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        return ""
    is_dead = fields[0] in "ZX" and int(fields[17]) <= 1
    return "" if is_dead else fields[19]


def _mark(plan: Plan, node: Node) -> Path:
    return plan.root / f"{node.name}.pid"


def _log(plan: Plan, node: Node) -> Path:
    return plan.root / f"{node.name}.log"
