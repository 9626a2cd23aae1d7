"""`ecert serve`: the service on loopback, with ECERT_DEMO=1 the demonstration first."""

from __future__ import annotations

import argparse
import socket
import sys
from typing import Any, Final

import uvicorn

from ecert.app.asgi import create_app
from ecert.app.delta import Delta
from ecert.app.demo.founding import bootstrap
from ecert.app.demo.furnishing import furnish_people
from ecert.app.reading import catch_up
from ecert.app.wiring import announce, open_house
from ecert.domain.errors import Unavailable
from ecert.runtime.clock import Clock
from ecert.runtime.settings import Settings

__all__ = ["add", "run"]

_PORTS: Final = range(1, 65_536)


def add(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser("serve", help="启动服务 / run the service", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; keep it on loopback or behind mTLS")
    parser.add_argument("--port", type=_port, default=8000, help="1 to 65535")


def run(args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    """Serve until told to stop; Unavailable("gateway.port") where the port is another's."""
    house = open_house(settings, clock)
    try:
        door = _listen(args.host, args.port)
        if settings.demo and not settings.peers:
            bootstrap(house)
            furnish_people(Delta.alone(house))
        catch_up(house)
        url = f"http://{args.host}:{args.port}"
        announce(house, url)
        print(f"ecert 服务已启动 / serving at {url} (Ctrl-C 停止 / stops)", file=sys.stderr)
        config = uvicorn.Config(create_app(house), log_config=None, access_log=False, server_header=False)
        uvicorn.Server(config).run(sockets=[door])
    finally:
        house.close()
    return 0


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) not in _PORTS:
        raise argparse.ArgumentTypeError("1 to 65535")
    return int(text)


def _listen(host: str, port: int) -> socket.socket:
    """Take the port before anybody is told that it is served."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as fault:
        raise Unavailable("gateway.port", f"port {port}: {fault.strerror}") from None
