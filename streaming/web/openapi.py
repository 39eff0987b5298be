"""What the OpenAPI document says of requests that cannot be read: a problem document with status 400.

FastAPI writes 422 with a list of its own there, which this house never answers.
"""

from typing import Any

from fastapi import FastAPI

from streaming.web.problems import documented

_THEIRS, _OURS = "422", "400"


def describe_refusals(app: FastAPI) -> None:
    """Put our answer in the place of FastAPI's in the document that `app` makes of itself."""
    theirs = app.openapi

    def ours() -> dict[str, Any]:
        fresh = app.openapi_schema is None
        document = theirs()
        for path in document["paths"].values() if fresh else ():
            for operation in path.values():
                _amend(operation["responses"])
        return document

    app.openapi = ours  # type: ignore[method-assign]  # FastAPI's own way of extending its document


def _amend(responses: dict[str, Any]) -> None:
    if responses.pop(_THEIRS, None) is not None:
        responses.setdefault(_OURS, documented(400)[400])
