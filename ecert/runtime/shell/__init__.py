"""The shell of every page: who is at this browser, in which language, behind which door; one rule each, for all rooms.

doors = page_router()

@doors.get("/wallet")
def certificates(visit: Visitor) -> Response:
    return visit.page("wallet/certificates.html", shelves=...)

@doors.post("/wallet/uses/{use_id}/objection")
def objection(visit: Visitor, form: Filled, use_id: str) -> Response: ...

The application keeps one `Shell` as `app.state.shell`. A `Filled` form has passed the CSRF check. Rules: docs/pages.md.
"""

from __future__ import annotations

from ecert.runtime.shell.faces import Row, face_rows
from ecert.runtime.shell.forms import Filled, Form
from ecert.runtime.shell.rendering import templates
from ecert.runtime.shell.sessions import IDLE, Lang, Session, Sessions
from ecert.runtime.shell.static import static_router
from ecert.runtime.shell.visits import Shell, Visit, Visitor, page_router

__all__ = [
    "IDLE",
    "Filled",
    "Form",
    "Lang",
    "Row",
    "Session",
    "Sessions",
    "Shell",
    "Visit",
    "Visitor",
    "face_rows",
    "page_router",
    "static_router",
    "templates",
]
