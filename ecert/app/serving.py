"""`ecert serve`: the service on loopback, with ECERT_DEMO=1 the demonstration first."""

from __future__ import annotations

import argparse
import sys
from typing import Any

import uvicorn

from ecert.app.asgi import create_app
from ecert.app.delta import Delta
from ecert.app.demo.founding import bootstrap
from ecert.app.demo.furnishing import furnish_people
from ecert.app.reading import catch_up
from ecert.app.wiring import announce, open_house
from ecert.runtime.clock import Clock
from ecert.runtime.settings import Settings

__all__ = ["add", "run"]


def add(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser("serve", help="启动服务 / run the service", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; keep it on loopback or behind mTLS")
    parser.add_argument("--port", type=int, default=8000)


def run(args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    """Serve until told to stop."""
    house = open_house(settings, clock)
    try:
        if settings.demo and not settings.peers:
            bootstrap(house)
            furnish_people(Delta.alone(house))
        catch_up(house)
        url = f"http://{args.host}:{args.port}"
        announce(house, url)
        print(f"ecert 服务已启动 / serving at {url} (Ctrl-C 停止 / stops)", file=sys.stderr)
        uvicorn.run(
            create_app(house), host=args.host, port=args.port, log_config=None, access_log=False, server_header=False
        )
    finally:
        house.close()
    return 0
