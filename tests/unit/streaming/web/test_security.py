"""The door: headers on every answer, no requests by other sites, no endless bodies."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from starlette.responses import PlainTextResponse, Response

from streaming.web.problems import Problems
from streaming.web.security import HEADERS, secure

TUS = {"Content-Type": "application/offset+octet-stream"}


def make_client(own_origin: str = "") -> TestClient:
    app, problems = FastAPI(), Problems()
    problems.install(app)

    @app.get("/api/v1/thing")
    @app.get("/page")
    def thing() -> Response:
        return PlainTextResponse("thing")

    @app.get("/own")
    def own_headers() -> Response:
        return PlainTextResponse(
            "door", headers={"Referrer-Policy": "same-origin", "Cache-Control": "no-store"}
        )

    @app.get("/l/link")
    def link() -> Response:
        return PlainTextResponse("link")

    @app.get("/broken")
    def broken() -> None:
        raise ValueError

    @app.api_route("/api/v1/uploads/up_1", methods=["POST", "PATCH", "PUT"])
    @app.api_route("/api/v1/uploads", methods=["POST", "PATCH", "PUT"])
    @app.api_route("/api/v1/thing", methods=["POST", "PATCH", "DELETE"])
    async def change(request: Request) -> Response:
        return PlainTextResponse(str(len(await request.body())))

    door_app = secure(app, problems, own=own_origin, limit=1000)
    return TestClient(door_app, base_url="http://house.test", raise_server_exceptions=False)


@pytest.fixture
def client() -> TestClient:
    return make_client()


@pytest.mark.parametrize("path", ["/page", "/api/v1/thing", "/nowhere", "/broken"])
def test_every_answer_has_every_header_the_failures_too(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert {name: answer.headers.get(name) for name in HEADERS} == dict(HEADERS)


def test_the_content_policy_is_the_strict_one(client: TestClient) -> None:
    policy = dict(
        part.split(" ", 1) for part in client.get("/page").headers["content-security-policy"].split("; ")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert not [
        value for value in policy.values() if "unsafe-inline" in value or "*" in value or "http" in value
    ]
    assert "'unsafe-eval'" not in policy["script-src"]


def test_api_answers_are_never_kept_and_routes_may_say_otherwise(client: TestClient) -> None:
    assert client.get("/api/v1/thing").headers["cache-control"] == "no-store"
    assert client.get("/page").headers["cache-control"] == "private, no-cache"
    own = client.get("/own").headers
    assert (own["cache-control"], own["referrer-policy"]) == ("no-store", "same-origin")
    assert len(own.get_list("referrer-policy")) == 1


def test_doors_let_their_form_say_where_it_comes_from(client: TestClient) -> None:
    assert client.get("/l/link").headers["referrer-policy"] == "same-origin"
    assert client.get("/page").headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://house.test"},
        {"Origin": "http://evil.test"},
        {"Origin": "http://house.test.evil.test"},
        {"Origin": "http://house.test:81"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "house.test"},
        {"Origin": "http://evil.test", "Authorization": "Basic eA=="},
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("cookie", [{}, {"Cookie": "matinee_session=x"}])
def test_other_sites_cannot_make_a_browser_change_things(
    client: TestClient, headers: dict[str, str], method: str, cookie: dict[str, str]
) -> None:
    answer = client.request(method, "/api/v1/thing", headers=headers | cookie)
    assert answer.status_code == 403
    assert answer.json()["code"] == "cross_site"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Origin": "http://house.test"},
        {"Origin": "http://HOUSE.test"},
        {"Origin": "http://evil.test", "Authorization": "Bearer mt_x"},
    ],
)
def test_our_own_pages_and_programs_can(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/api/v1/thing", headers=headers | {"Cookie": "matinee_session=x"}).status_code == 200


def test_reading_is_open_to_links_from_elsewhere(client: TestClient) -> None:
    assert client.get("/page", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_behind_a_proxy_the_public_origin_is_ours_as_well() -> None:
    client = make_client(own_origin="https://films.example")
    assert client.post("/api/v1/thing", headers={"Origin": "https://films.example"}).status_code == 200
    assert client.post("/api/v1/thing", headers={"Origin": "https://other.example"}).status_code == 403


def test_a_body_up_to_the_limit_arrives_and_a_larger_one_is_refused(client: TestClient) -> None:
    assert client.post("/api/v1/thing", content=b"x" * 1000).text == "1000"
    answer = client.post("/api/v1/thing", content=b"x" * 1001)
    assert answer.status_code == 413
    assert answer.json()["code"] == "body_too_large"
    assert answer.headers["content-security-policy"]


def test_a_body_without_a_length_is_counted_as_it_comes(client: TestClient) -> None:
    def parts(count: int) -> Iterator[bytes]:
        for _ in range(count):
            yield b"x" * 100

    assert client.post("/api/v1/thing", content=parts(10)).text == "1000"
    assert client.post("/api/v1/thing", content=parts(11)).status_code == 413


@pytest.mark.parametrize("length", ["-1", "1e3", "٣", "9" * 30, ""])
def test_a_length_that_is_no_number_is_refused(client: TestClient, length: str) -> None:
    headers = [(b"Content-Length", length.encode())]
    assert client.post("/api/v1/thing", headers=headers).status_code == 413


@pytest.mark.parametrize("path", ["/api/v1/uploads", "/api/v1/uploads/up_1"])
def test_film_bytes_pass_whatever_their_size(client: TestClient, path: str) -> None:
    assert client.patch(path, content=b"x" * 5000, headers=TUS).text == "5000"
    assert client.post(path, content=b"x" * 5000, headers=TUS).text == "5000"


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("PATCH", "/api/v1/thing", TUS),
        ("PATCH", "/api/v1/uploadsX", TUS),
        ("PUT", "/api/v1/uploads/up_1", TUS),
        ("PATCH", "/api/v1/uploads/up_1", {"Content-Type": "application/json"}),
    ],
)
def test_nothing_else_passes_for_film_bytes(
    client: TestClient, method: str, path: str, headers: dict[str, str]
) -> None:
    assert client.request(method, path, content=b"x" * 1001, headers=headers).status_code == 413
