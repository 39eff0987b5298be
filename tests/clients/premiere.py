"""A house with one film, a holder of licences and a thief, behind a front that writes down what is asked."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from streaming.accounts import vault
from streaming.web.api.account_models import encoded
from tests.clients.film import make_film
from tests.clients.front import Front, standing
from tests.support.house import PASSWORD, House, free_port, running
from transcoder.keys.secret import SecretBytes

PERIOD = 4
"""Seconds of film under one key: the shortest there is, so that a film of 24 s has six of them."""
SESSION = "matinee_session"


@dataclass(frozen=True)
class Premiere:
    """Everything a client needs to be tried. `cookies` are values of the session cookie by name."""

    house: House
    front: Front
    creator: str
    viewer: str
    titles: dict[str, str]
    cookies: dict[str, str]

    def licence(self, protection: str, *, tier: str = "hd") -> str:
        """Give the holder a fresh licence; gives its id."""
        terms = {"to": "ben", "tier": tier, "max_streams": 5}
        return str(self._post(f"/titles/{self.titles[protection]}/licences", terms)["id"])

    def revoke(self, licence: str) -> None:
        """Take a licence back."""
        self._post(f"/licences/{licence}/revoke", {"reason": ""})

    def amend(self, licence: str, terms: dict[str, Any]) -> None:
        """Change a licence."""
        with self.house.client(self.creator) as client:
            client.patch(f"/api/v1/licences/{licence}", json=terms).raise_for_status()

    def address(self, protection: str) -> str:
        """Give the address that `matinee play --print-url` prints to the holder."""
        done = self.house.run(
            *("play", self.titles[protection], "--print-url"), token=self.viewer, MATINEE_URL=self.front.url
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def bare_address(self, protection: str) -> str:
        """Give an address without cookies of a film for which the command refuses to print one."""
        words = ("play", self.titles[protection], "--print-url")
        done = self.house.run(*words, token=self.viewer, MATINEE_URL=self.front.url)
        assert "(for_browsers_alone)" in done.stderr, done.stdout + done.stderr
        with self.house.client(self.viewer) as client:
            asked = client.post(f"/api/v1/titles/{self.titles[protection]}/playback", json={"native": True})
            return self.front.url + str(asked.raise_for_status().json()["playlist_url"])

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        with self.house.client(self.creator) as client:
            answer = client.post(f"/api/v1{path}", json=body)
            assert answer.status_code < 300, answer.text
            found: dict[str, Any] = answer.json()
            return found


@contextmanager
def premiere(folder: Path, protections: tuple[str, ...] = ("aes-128",)) -> Iterator[Premiere]:
    """Open a house in `folder`; what was published there before is not made again."""
    port = free_port()
    kept = folder / "premiere.json"
    with standing(port) as front:
        settings = {"MATINEE_CRYPTO_PERIOD_SECONDS": str(PERIOD), "MATINEE_PUBLIC_URL": front.url}
        with running(folder / "data", port, **settings) as house:
            if not kept.exists():
                kept.write_text(json.dumps(_prepare(house, folder, protections)))
            known = json.loads(kept.read_text())
            cookies = {name: _log_in(house, name) for name in ("ben", "eve")}
            yield Premiere(house, front, known["creator"], known["viewer"], known["titles"], cookies)


def _prepare(house: House, folder: Path, protections: tuple[str, ...]) -> dict[str, Any]:
    creator, viewer = house.add_user("ana", "creator"), house.add_user("ben", "viewer")
    house.add_user("eve", "viewer")
    film = make_film(folder)
    titles = {one: publish(house, creator, film, one) for one in protections}
    return {"creator": creator, "viewer": viewer, "titles": titles}


def publish(house: House, token: str, film: Path, protection: str) -> str:
    """Publish the film under a protection; gives the title's id."""
    words = ("publish", str(film), "--title", protection, "--protection", protection, "--wait", "--json")
    done = house.run(*words, token=token)
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["id"])


def _log_in(house: House, name: str) -> str:
    """Log in as the page does; gives the cookie's value."""
    with httpx.Client(base_url=house.url, timeout=60, trust_env=False) as client:
        salt = client.post("/api/v1/accounts/prelogin", json={"name": name}).json()["salt"]
        keys = vault.from_password(SecretBytes(PASSWORD.encode()), base64.urlsafe_b64decode(salt + "=="))
        body = {"name": name, "auth_key": encoded(keys.auth_key.reveal())}
        answer = client.post("/api/v1/session", json=body)
        assert answer.status_code < 300, answer.text
        return str(answer.cookies[SESSION])
