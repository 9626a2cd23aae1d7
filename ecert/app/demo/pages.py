"""/demo: until there is sign-in, whoever sits at this machine chooses which invented person they are."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from ecert.app.demo.roster import Roster
from ecert.domain.errors import NotAllowed, NotFound
from ecert.runtime.shell import Filled, Visitor, page_router
from wallet_codes.regions import by_number

__all__ = ["router"]


def router(roster: Roster) -> APIRouter:
    """Build the chooser."""
    doors = page_router()

    @doors.get("/")
    def front(visit: Visitor) -> Response:
        """Lead to the chooser."""
        return visit.go("/demo")

    @doors.get("/demo")
    def chooser(visit: Visitor) -> Response:
        """List whom one may be."""
        return visit.page(
            "demo/choose.html", households=roster.households(), windows=roster.windows(), region_of=by_number
        )

    @doors.post("/demo/citizen")
    def citizen(visit: Visitor, form: Filled) -> Response:
        """Be a citizen."""
        name = form.text("who")
        try:
            roster.citizen(name)
        except NotAllowed:
            raise NotFound("session.unknown_person") from None
        return visit.go("/wallet", roles={**visit.session.roles, "citizen": name})

    @doors.post("/demo/clerk")
    def clerk(visit: Visitor, form: Filled) -> Response:
        """Be a clerk."""
        name = form.text("who")
        try:
            roster.window(name)
        except NotAllowed:
            raise NotFound("session.unknown_person") from None
        return visit.go("/desk", roles={**visit.session.roles, "clerk": name})

    @doors.post("/demo/leave")
    def leave(visit: Visitor, form: Filled) -> Response:  # noqa: ARG001 - the form's CSRF check is wanted
        """Be nobody again."""
        return visit.go("/demo", roles={})

    return doors
