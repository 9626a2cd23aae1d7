"""The pages of a world on a free port of this machine, for a browser that is a process of its own."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

PATIENCE = 20.0


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve an application in a thread; the world's own loop is not run, and its time stands still."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="site")
    thread.start()
    try:
        give_up = time.monotonic() + PATIENCE
        while not server.started and time.monotonic() < give_up:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
