"""The ASGI application: every door of the house behind one envelope, and the loop that works while it serves."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Response

import issuer.api
import ledger.api
import verifier.api
import wallet_codes.api
from ecert.app.wiring import House
from ecert.runtime import metrics, web
from ecert.runtime.access import Access

__all__ = ["create_app"]

