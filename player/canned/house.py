"""Canned accounts, ways in, errors and the operator's room."""

from __future__ import annotations

from player.canned.base import ANA, NOW, State, ago
from player.views import (
    Account,
    ApiToken,
    Device,
    ErrorPage,
    HouseAccount,
    HouseFault,
    Job,
    Login,
    Notice,
    Operator,
    Page,
    Recover,
    Register,
    Role,
    Tone,
    ViewingDevice,
    Worker,
)

GB = 1_000_000_000
CODE = "7K3M-9QXW-2ZTB-H4CN-V8RD-5JPF-1GYS-6EA0"
TOKEN = "mt_" + "Zl8Q0mX2cV6n"
WRONG = Notice(Tone.BAD, "The name or the password is not right.", "Check both and try again.", "wrong_login")
SLOW_DOWN = Notice(Tone.BAD, "Too many tries from here.", "Wait a minute, then try again.", "too_many_logins")


def _account(page: Page) -> Account:
    return Account(
        page,
        "Ana",
        Role.CREATOR,
        ago(days=412),
        "4F1A 77C0 9B2E D510 8C3F 6A94 E07B 21D8",
        devices=(
            Device("se_1", "Firefox on Linux", ago(days=3), NOW, current=True),
            Device("se_2", "Safari on iPhone", ago(days=40), ago(hours=5)),
            Device(
                "se_3",
                "Chrome on a television that somebody named at great length",
                ago(days=90),
                ago(days=31),
            ),
        ),
        tokens=(
            ApiToken("tk_1", "Publishing from the cutting room", ago(days=30), ago(hours=2)),
            ApiToken("tk_2", "Old laptop", ago(days=300)),
        ),
        viewing=(
            ViewingDevice(
                "de_1",
                "Firefox on Linux",
                ago(hours=2),
                ("A place on “The Night Ferry”: 2 of 2 taken", "A place on “Salt Roads”: 1 of 3 taken"),
                current=True,
            ),
            ViewingDevice(
                "de_2", "Living room", ago(days=12), ("A place on “The Night Ferry”: 2 of 2 taken",)
            ),
            ViewingDevice("de_3", "mpv on the laptop that somebody named at great length", ago(days=70)),
        ),
        used_bytes=int(11.4 * GB),
        quota_bytes=50 * GB,
    )


def _fresh(page: Page) -> Account:
    return Account(page, "Ben", Role.VIEWER, NOW, "4F1A 77C0 9B2E D510 8C3F 6A94 E07B 21D8", token_once=TOKEN)


def _operator(page: Page, faults: tuple[HouseFault, ...] = ()) -> Operator:
    return Operator(
        page,
        workers=(
            Worker("worker-1", "Encoding “Salt Roads”, chunk 14 of 92", ago(seconds=2)),
            Worker("worker-2", "Waiting for work", ago(seconds=8)),
        ),
        jobs=(
            Job("ti_0101", "Salt Roads", "Ana", "Encoding", 12.4, ago(minutes=6)),
            Job("ti_0102", "Low Tide", "Ana", "Queued", None, ago(minutes=2)),
        ),
        faults=faults,
        accounts=(
            HouseAccount("Ana", Role.ADMIN, int(11.4 * GB), 6, NOW),
            HouseAccount("Ben", Role.VIEWER, 0, 0, ago(hours=1)),
            HouseAccount("Clara", Role.CREATOR, 0, 0),
        ),
        used_bytes=int(11.4 * GB),
        free_bytes=int(212.5 * GB),
        streams=3,
        version="Matinee 0.1.0",
    )


TROUBLE = (
    HouseFault(
        ago(minutes=4),
        "The disk is nearly full: 2.1 GB are left.",
        "Delete films or make room; uploads stop at 1 GB.",
        "disk_low",
        Tone.BAD,
    ),
    HouseFault(
        ago(hours=2),
        "A worker died and was started again.",
        "It lost the chunk in hand and did it once more.",
        "worker_restarted",
    ),
)

ACCOUNTS = (State("Account", "full", _account), State("Account", "fresh, token once", _fresh))
WAYS_IN = (
    State("Login", "empty", Login, None),
    State("Login", "wrong", lambda p: Login(p, name="ana", problem=WRONG), None),
    State(
        "Login", "too many", lambda p: Login(p, name="ana", problem=SLOW_DOWN, open_registration=False), None
    ),
    State("Register", "empty", Register, None),
    State("Register", "code once", lambda p: Register(p, code_once=CODE), None),
    State("Register", "closed", lambda p: Register(p, closed=True), None),
    State("Recover", "empty", Recover, None),
    State("Recover", "code once", lambda p: Recover(p, code_once=CODE), None),
)
ERRORS = (
    State(
        "Error",
        "404",
        lambda p: ErrorPage(
            p,
            404,
            "There is nothing at this address.",
            "It may have been deleted, or the address lost a letter.",
            "not_found",
        ),
        None,
    ),
    State(
        "Error",
        "403",
        lambda p: ErrorPage(
            p,
            403,
            "The studio is for creators.",
            "Ask whoever runs this house to make your account a creator's.",
            "forbidden",
        ),
    ),
    State(
        "Error",
        "429",
        lambda p: ErrorPage(
            p,
            429,
            "That was too many times in a row.",
            "Wait a minute, then try again.",
            "too_many",
            action_label="Try again",
            action_url="",
        ),
        None,
    ),
    State(
        "Error",
        "500",
        lambda p: ErrorPage(
            p,
            500,
            "Something broke on our side.",
            "It has been written down. Try again in a moment.",
            "internal",
            "r-7f3a91c2",
        ),
        ANA,
    ),
)
HOUSES = (
    State("Operator", "all quiet", _operator),
    State("Operator", "trouble", lambda p: _operator(p, TROUBLE)),
    State("Operator", "no worker", lambda p: Operator(p, version="Matinee 0.1.0")),
)
