"""One request to a page: its session, its language and its answers; the session's cookie is written here alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Final, cast
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request  # FastAPI reads the annotations at run time
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ecert.domain.errors import EcertError, NotAllowed
from ecert.runtime.shell.gate import hold_near
from ecert.runtime.shell.sessions import Lang, Session, Sessions

if TYPE_CHECKING:
    from jinja2 import Environment

    from ecert.runtime.clock import Clock
    from ecert.runtime.problems import Problem

__all__ = ["Shell", "Visit", "Visitor", "page_router"]

_SEE_OTHER: Final = 303
_CHOOSER: Final = "/demo"
_LANGS: Final[Mapping[str, Lang]] = {"zh": "zh", "en": "en"}


@dataclass(frozen=True, slots=True)
class Shell:
    """What every page needs; the application keeps one as `app.state.shell`."""

    sessions: Sessions
    templates: Environment
    clock: Clock

    def problem(self, request: Request, problem: Problem) -> Response:
        """Answer an error as a page; who has chosen nobody yet, or waited too long, is led to the choice."""
        try:
            visit = _visit(request)
        except EcertError:
            return problem.response()
        if problem.body["code"] == "session.missing" and request.method == "GET" and not visit.is_passive:
            return visit.go(_CHOOSER)
        return visit.page("shell/problem.html", status=problem.status, problem=problem.body, method=request.method)


@dataclass(frozen=True, slots=True)
class Visit:
    """A request that has passed the gate; `now` is whole Unix seconds."""

    request: Request
    shell: Shell
    session: Session
    now: int

    @property
    def is_passive(self) -> bool:
        """Whether a page asks by itself (a code renews), which keeps no session alive."""
        return "renew" in self.request.query_params

    def role(self, role: str) -> str:
        """Tell as whom the browser acts in a role; NotAllowed("session.missing")."""
        try:
            return self.session.roles[role]
        except KeyError:
            raise NotAllowed("session.missing", role) from None

    def page(self, template: str, /, *, status: int = 200, **words: Any) -> Response:  # noqa: ANN401 - a template's own
        """Render a template of the shell or a room."""
        shown = self.shell.templates.get_template(template).render(
            lang=self.session.lang,
            csrf=self.session.token,
            path=self.request.url.path,
            query=_other_words(self.request),
            roles=self.session.roles,
            **words,
        )
        return self._keep(self.session, HTMLResponse(shown, status))

    def go(self, path: str, *, roles: Mapping[str, str] | None = None) -> Response:
        """Lead on to another page after a form; `roles` are the session's from then on, under a new token."""
        session = self.session
        if roles is not None:
            session = replace(self.shell.sessions.begin(now=self.now), lang=session.lang, roles=roles)
        return self._keep(session, RedirectResponse(path, _SEE_OTHER))

    def _keep(self, session: Session, response: Response) -> Response:
        if not self.is_passive:
            self.shell.sessions.write(response, session)
        return response


def page_router() -> APIRouter:
    """Make a router for pages: behind the gate, and no part of the API's description."""
    return APIRouter(include_in_schema=False, dependencies=[Depends(hold_near)])


def _visit(request: Request) -> Visit:
    hold_near(request)
    shell = cast("Shell", request.app.state.shell)
    now = int(shell.clock.now())
    sessions = shell.sessions
    session = sessions.read(request.cookies.get(sessions.cookie), now=now) or sessions.begin(now=now)
    lang = _LANGS.get(request.query_params.get("lang", ""), session.lang)
    return Visit(request, shell, replace(session, seen=now, lang=lang), now)


Visitor = Annotated[Visit, Depends(_visit)]
"""The visit as a page's parameter."""


def _other_words(request: Request) -> str:
    """Give the address's words without the language, so that a switch changes nothing else."""
    return urlencode(
        [(name, text) for name, text in request.query_params.multi_items() if name not in {"lang", "renew"}]
    )
