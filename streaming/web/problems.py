"""Faults as answers: one map to HTTP, as RFC 9457 problem JSON or as a page, by `Accept`."""

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from sqlalchemy.exc import StatementError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streaming.errors import Code, Fault

log = logging.getLogger("streaming.web")

STATUS: Mapping[Code, int] = {
    Code.INVALID: 400,
    Code.UNAUTHENTICATED: 401,
    Code.FORBIDDEN: 403,
    Code.NOT_FOUND: 404,
    Code.CONFLICT: 409,
    Code.GONE: 410,
    Code.TOO_LARGE: 413,
    Code.TOO_MANY: 429,
    Code.UNAVAILABLE: 503,
    Code.INTERNAL: 500,
}
_BY_STATUS = {status: code for code, status in STATUS.items()}
_UNSAID = {
    404: ("There is nothing at this address.", "Check the address, or begin at the front page."),
    405: ("This address does not take requests of that kind.", "See /openapi.json for what it takes."),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault ready to be shown. `reference` finds an unknown fault in the log; empty otherwise."""

    status: int
    detail: str
    hint: str = ""
    code: str = ""
    retry_after: int | None = None
    reference: str = ""
    extra: Mapping[str, object] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The status in words."""
        return HTTPStatus(self.status).phrase

    def document(self) -> dict[str, object]:
        """Members of the problem document (RFC 9457 §3); extensions never replace the standard ones."""
        document: dict[str, object] = {
            **self.extra,
            "type": f"urn:matinee:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "hint": self.hint,
        }
        if self.reference:
            document["instance"] = f"urn:matinee:fault:{self.reference}"
        if self.retry_after is not None:
            document["retry_after"] = self.retry_after
        return document


class ProblemDocument(BaseModel):
    """What every refusal and failure of the API answers (application/problem+json, RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str


PageRenderer = Callable[[Request, Problem], Response]


def plain_page(request: Request, problem: Problem) -> Response:
    """Show a problem as the plainest page; `player`'s renderer takes its place in the whole app."""
    lines = [problem.detail, problem.hint, f"Code: {problem.code}"]
    if problem.reference:
        lines.append(f"Reference: {problem.reference}")
    body = "".join(f"<p>{escape(line)}</p>" for line in lines if line)
    title = escape(problem.title)
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><main><h1>{title}</h1>{body}</main></body></html>",
        status_code=problem.status,
    )


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Say in OpenAPI that a route may answer these statuses with a problem document."""
    content = {"application/problem+json": {"schema": ProblemDocument.model_json_schema()}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def problem_of(fault: Fault) -> Problem:
    """Turn a fault into what is shown. INTERNAL ones speak to the operator: they go to the log instead."""
    if fault.code is Code.INTERNAL:
        reference = _reference()
        log.error("fault %s: %s %s", reference, fault.sentence, fault.hint)
        return _generic(reference, fault.name)
    return Problem(
        STATUS[fault.code], fault.sentence, fault.hint, fault.name, fault.retry_after, extra=fault.extra
    )


def unknown_problem(scope: Scope, error: BaseException) -> Problem:
    """Log what nobody foresaw under a reference, and say no more than that."""
    reference = _reference()
    _hide_parameters(error)
    # Addresses hold bearer tokens, so the log names the route and never the path.
    route = getattr(scope.get("route"), "path", "(no route)")
    log.error("fault %s at %s %s", reference, scope.get("method", ""), route, exc_info=error)
    return _generic(reference)


def _generic(reference: str, code: str = Code.INTERNAL.value) -> Problem:
    return Problem(
        500,
        "Something went wrong on our side.",
        "Try again; if it stays, tell the person who runs this house the reference.",
        code,
        reference=reference,
    )


def _reference() -> str:
    return f"fa_{secrets.token_hex(5)}"


def _hide_parameters(error: BaseException | None) -> None:
    """Keep bound values (names, hashes, wrapped keys) out of the texts of database errors."""
    while error is not None:
        if isinstance(error, StatementError):
            error.hide_parameters = True
        error = error.__cause__ or error.__context__


def wants_page(accept: str) -> bool:
    """Tell whether an `Accept` header likes HTML better than JSON (RFC 9110 §12.5.1); a tie is JSON."""
    page = data = 0.0
    for part in accept.split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = _weight(parameters)
        if kind in {"text/html", "application/xhtml+xml"}:
            page = max(page, weight)
        elif kind in {"*/*", "application/*", "application/json", "application/problem+json"}:
            data = max(data, weight)
    return page > data


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


class Problems:
    """Makes the answer to a fault; `page` shows it to people, problem JSON to programs."""

    def __init__(self, page: PageRenderer = plain_page) -> None:
        self._page = page
        self._app: FastAPI | None = None

    def answer(self, request: Request, problem: Problem) -> Response:
        """Answer a problem in the form the client likes; never cacheable. May block: not for the loop."""
        if wants_page(request.headers.get("accept", "")):
            response = self._shown(request, problem)
        else:
            response = Response(
                orjson.dumps(problem.document(), default=str),
                problem.status,
                media_type="application/problem+json",
            )
        response.headers["Cache-Control"] = "no-store"
        response.headers["Vary"] = "Accept"
        if problem.retry_after is not None:
            response.headers["Retry-After"] = str(problem.retry_after)
        if response.status_code == STATUS[Code.UNAUTHENTICATED]:
            response.headers["WWW-Authenticate"] = 'Bearer realm="matinee"'
        return response

    def _shown(self, request: Request, problem: Problem) -> Response:
        if self._app is not None:
            request.scope.setdefault("app", self._app)  # not there yet in front of the app
        try:
            return self._page(request, problem)
        except Exception as error:  # a fault's page must not be the next fault
            log.error("the page of %s failed: %s", problem.code, type(error).__name__)
            return plain_page(request, problem)

    def refuse(self, request: Request, fault: Fault) -> Response:
        """Answer a fault."""
        return self.answer(request, problem_of(fault))

    def install(self, app: FastAPI) -> None:
        """Answer every fault of `app`, the unforeseen too. Add other middleware after this."""
        self._app = app

        def known(request: Request, error: Exception) -> Response:
            return self.refuse(request, error if isinstance(error, Fault) else _fault_of(error))

        def spoken(request: Request, error: Exception) -> Response:
            response = self.answer(request, _problem_of_http(error))
            response.headers.update(getattr(error, "headers", None) or {})
            return response

        app.add_exception_handler(Fault, known)
        app.add_exception_handler(RequestValidationError, known)
        app.add_exception_handler(HTTPException, spoken)
        app.add_middleware(UnknownFaults, problems=self)


class UnknownFaults:
    """Turns what nobody foresaw into a logged reference and a generic answer (pure ASGI)."""

    def __init__(self, app: ASGIApp, problems: Problems) -> None:
        self._app = app
        self._problems = problems

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app; answer in its place when it fails before its answer began."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watch(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except ClientDisconnect:
            return
        except Exception as error:
            problem = unknown_problem(scope, error)
            if begun:  # half an answer is out: only a broken connection tells the client so
                raise RuntimeError(f"fault {problem.reference} after the answer began") from None
            response = await run_in_threadpool(self._problems.answer, Request(scope), problem)
            await response(scope, receive, send)


def _problem_of_http(error: Exception) -> Problem:
    status = error.status_code if isinstance(error, HTTPException) else 500
    said = error.detail if isinstance(error, HTTPException) else ""
    phrase = HTTPStatus(status).phrase
    sentence, hint = _UNSAID.get(status, ("", ""))
    if not sentence or said != phrase:
        sentence = said if said.endswith(".") else f"{said or phrase}."
    known = _BY_STATUS.get(status)
    return Problem(status, sentence, hint, known.value if known else phrase.lower().replace(" ", "_"))


def _fault_of(error: Exception) -> Fault:
    """Say a validation error in one sentence, without what was sent: it may hold secrets."""
    errors = error.errors() if isinstance(error, RequestValidationError) else []
    told = [_field_error(e) for e in errors[:10]]
    others = max(len(errors) - 1, 0)
    first = told[0]["sentence"] if told else "The request could not be understood."
    more = {0: "", 1: " There is one more mistake."}.get(others, f" There are {others} more mistakes.")
    return Fault(
        Code.INVALID,
        first + more,
        "See /openapi.json for what this address takes.",
        name="invalid_input",
        extra={"errors": told},
    )


def _field_error(error: Mapping[str, Any]) -> dict[str, str]:
    place = [str(part)[:40] for part in error.get("loc", ()) if part not in {"body", "query", "path"}]
    name = ".".join(place)
    if error.get("type") == "json_invalid":
        return {"field": "", "sentence": "The body of the request is not valid JSON."}
    if error.get("type") == "missing":
        missing = f"“{name}” is missing." if name else "The request needs a JSON body."
        return {"field": name, "sentence": missing}
    said = str(error.get("msg", "not valid")).removeprefix("Value error, ").rstrip(".")
    subject = f"“{name}”" if name else "The request"
    return {"field": name, "sentence": f"{subject} is not right: {said[:1].lower()}{said[1:]}."}
