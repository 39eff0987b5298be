"""Faults become problem JSON or pages, and what nobody foresaw says nothing about itself."""

import json
import logging
from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Query
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from streaming.errors import Code, Fault, not_found
from streaming.web.problems import STATUS, Problem, Problems, problem_of, wants_page

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
DIGEST = b"bytes-of-a-digest"
SECRET = "mt_a-token-in-an-address"


class Body(BaseModel):
    auth_key: int
    label: str


def make_app(problems: Problems) -> FastAPI:
    app = FastAPI()
    problems.install(app)

    @app.get("/fault/{code}")
    def fault(code: str) -> None:
        raise Fault(Code(code), "It <b>broke</b>.", "Mend it.", name="small_code", retry_after=7)

    @app.get("/secret/{token}")
    def unforeseen(token: str) -> None:
        raise IntegrityError("INSERT", {"auth_digest": DIGEST}, ValueError("UNIQUE failed"))

    @app.post("/body")
    def body(body: Body, n: int = Query(0)) -> None:
        return None

    @app.get("/half")
    def half() -> Response:
        def parts() -> Iterator[bytes]:
            yield b"half"
            raise ValueError(SECRET)

        return StreamingResponse(parts())

    return app


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(make_app(Problems()), raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize("code", [code for code in Code if code is not Code.INTERNAL])
def test_every_code_has_its_status_and_is_told_as_problem_json(client: TestClient, code: Code) -> None:
    answer = client.get(f"/fault/{code}")
    assert answer.status_code == STATUS[code]
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["retry-after"] == "7"
    assert ("www-authenticate" in answer.headers) == (code is Code.UNAUTHENTICATED)
    told = answer.json()
    assert told["type"] == "urn:matinee:problem:small_code"
    assert (told["status"], told["code"]) == (STATUS[code], "small_code")
    assert (told["detail"], told["hint"]) == ("It <b>broke</b>.", "Mend it.")
    assert told["title"]


def test_people_get_a_page_with_nothing_unescaped(client: TestClient) -> None:
    answer = client.get("/fault/gone", headers={"Accept": BROWSER})
    assert answer.status_code == 410
    assert answer.headers["content-type"].startswith("text/html")
    assert "It &lt;b&gt;broke&lt;/b&gt;." in answer.text
    assert "small_code" in answer.text
    assert "<script" not in answer.text
    assert "style" not in answer.text


def test_the_page_can_be_drawn_by_somebody_else() -> None:
    def page(request: Request, problem: Problem) -> Response:
        return HTMLResponse(f"{request.url.path} {problem.title} {problem.detail}", problem.status)

    client = TestClient(make_app(Problems(page)))
    answer = client.get("/nowhere", headers={"Accept": BROWSER})
    assert answer.text == "/nowhere Not Found There is nothing at this address."
    assert answer.headers["cache-control"] == "no-store"


def test_a_page_that_cannot_be_drawn_becomes_the_plain_page(caplog: pytest.LogCaptureFixture) -> None:
    def page(request: Request, problem: Problem) -> Response:
        raise KeyError("template")

    client = TestClient(make_app(Problems(page)))
    answer = client.get("/fault/gone", headers={"Accept": BROWSER})
    assert answer.status_code == 410
    assert "<h1>Gone</h1>" in answer.text
    assert "KeyError" in caplog.text


def test_the_unforeseen_is_logged_under_the_reference_that_is_shown(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client.get(f"/secret/{SECRET}")
    assert answer.status_code == 500
    told = answer.json()
    reference = told["instance"].removeprefix("urn:matinee:fault:")
    assert reference.startswith("fa_")
    assert reference in caplog.text
    assert "/secret/{token}" in caplog.text
    assert "IntegrityError" in caplog.text
    assert told["code"] == "internal"
    assert "UNIQUE" not in answer.text
    page = client.get(f"/secret/{SECRET}", headers={"Accept": BROWSER})
    assert "Reference: fa_" in page.text


def test_the_log_holds_neither_tokens_of_addresses_nor_values_of_statements(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "streaming")
    client.get(f"/secret/{SECRET}")
    ours = [caplog.handler.format(record) for record in caplog.records if record.name == "streaming.web"]
    assert len(ours) == 1
    assert SECRET not in ours[0]
    assert repr(DIGEST)[2:-1] not in ours[0]


def test_what_speaks_to_the_operator_goes_to_the_log_and_not_to_the_world(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told = problem_of(Fault(Code.INTERNAL, "The root key /x is open.", "chmod it.", name="root_key_open"))
    assert told.status == 500
    assert told.code == "root_key_open"
    assert "/x" not in told.detail + told.hint
    assert "The root key /x is open." in caplog.text
    assert told.reference in caplog.text


def test_an_answer_that_breaks_halfway_breaks_the_connection_without_a_word() -> None:
    client = TestClient(make_app(Problems()))
    with pytest.raises(RuntimeError, match="after the answer began") as caught:
        client.get("/half")
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("{", "The body of the request is not valid JSON."),
        ('{"label": "x"}', "“auth_key” is missing."),
        ("{}", "“auth_key” is missing. There is one more mistake."),
        ('{"auth_key": "hunter2", "label": "x"}', "“auth_key” is not right: input should be a valid integer"),
        ("[]", "The request is not right"),
    ],
)
def test_bad_input_is_told_in_a_sentence_without_what_was_sent(
    client: TestClient, body: str, sentence: str
) -> None:
    answer = client.post("/body", content=body, headers={"Content-Type": "application/json"})
    told = answer.json()
    assert answer.status_code == 400
    assert told["code"] == "invalid_input"
    assert told["detail"].startswith(sentence)
    assert told["detail"].endswith(".")
    assert "hunter2" not in answer.text


def test_each_bad_field_is_told_by_name(client: TestClient) -> None:
    told = client.post("/body?n=x", json={"label": 1}).json()
    assert [error["field"] for error in told["errors"]] == ["n", "auth_key", "label"]


def test_unknown_addresses_and_methods_are_problems_too(client: TestClient) -> None:
    absent = client.get("/nowhere")
    assert (absent.status_code, absent.json()["code"]) == (404, "not_found")
    assert absent.json()["detail"] == "There is nothing at this address."
    wrong = client.delete("/body")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
    assert wrong.headers["allow"] == "POST"


def test_extensions_are_told_and_replace_nothing() -> None:
    fault = Fault(Code.CONFLICT, "No.", extra={"status": 200, "detail": "Yes.", "watching": 2})
    told = problem_of(fault).document()
    assert (told["status"], told["detail"], told["watching"]) == (409, "No.", 2)
    assert json.dumps(told)


def test_absent_and_foreign_things_are_told_alike() -> None:
    assert problem_of(not_found("film")) == problem_of(not_found("film"))


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        (BROWSER, True),
        ("text/html", True),
        ("TEXT/HTML;level=1", True),
        ("*/*", False),
        ("", False),
        ("application/json", False),
        ("application/json, text/html", False),
        ("text/html;q=0.5, application/json", False),
        ("text/html;q=0", False),
        ("text/html;q=nonsense", False),
    ],
)
def test_who_likes_pages_gets_pages(accept: str, page: bool) -> None:
    assert wants_page(accept) is page


@given(st.text(max_size=200))
def test_any_accept_header_is_understood_somehow(accept: str) -> None:
    assert wants_page(accept) in {True, False}
