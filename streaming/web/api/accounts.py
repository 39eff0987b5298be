"""Routes of accounts: register, log in and out, devices, password, recovery, API tokens."""

from fastapi import APIRouter, Request, Response

from streaming.accounts.devices import device_words
from streaming.accounts.service import ABSOLUTE
from streaming.accounts.throttle import Kind
from streaming.accounts.values import KDF
from streaming.web.api.account_models import (
    AccountOut,
    DeviceOut,
    DevicesOut,
    IssuedTokenOut,
    KdfOut,
    KeysOut,
    LoginIn,
    LoginOut,
    MeOut,
    PasswordIn,
    PreloginIn,
    PreloginOut,
    RecoverIn,
    RecoverStartIn,
    RegisterIn,
    TokenIn,
    TokenOut,
    TokensOut,
    WrappedOut,
    encoded,
)
from streaming.web.deps import (
    SESSION_COOKIE,
    SIGNED_IN,
    LoggedIn,
    Viewer,
    client_address,
    is_secure,
    services,
)
from streaming.web.problems import documented
from transcoder.keys.secret import SecretBytes

router = APIRouter(prefix="/api/v1", tags=["accounts"])


@router.post("/accounts/prelogin", responses=documented(400, 429))
def prelogin(request: Request, body: PreloginIn) -> PreloginOut:
    """Give the salt and cost with which a client derives its keys; unknown names get one too."""
    accounts = services(request).accounts
    accounts.throttle.take(Kind.PRELOGIN_ADDRESS, client_address(request))
    return PreloginOut(salt=encoded(accounts.prelogin(body.name)), kdf=KdfOut.model_validate(dict(KDF)))


@router.post("/accounts", status_code=201, responses=documented(400, 403, 409, 429))
def register(request: Request, body: RegisterIn) -> AccountOut:
    """Make an account of one's own, where the house is open to that."""
    accounts = services(request).accounts
    accounts.throttle.take(Kind.REGISTER_ADDRESS, client_address(request))
    return AccountOut.of(accounts.register(body.name, body.value()))


@router.post("/accounts/recover/start", responses=documented(400, 401, 429))
def begin_recovery(request: Request, body: RecoverStartIn) -> WrappedOut:
    """Give the private keys, wrapped under the recovery code, to who proves to have it."""
    accounts = services(request).accounts
    accounts.throttle.take(Kind.RECOVER_ADDRESS, client_address(request))
    return WrappedOut(wrapped_private=encoded(accounts.begin_recovery(body.name, body.recovery_auth_key)))


@router.post("/accounts/recover", responses=documented(400, 401, 429))
def recover(request: Request, body: RecoverIn) -> AccountOut:
    """Set a new password and a new recovery code; every login ends, API tokens stay."""
    accounts = services(request).accounts
    accounts.throttle.take(Kind.RECOVER_ADDRESS, client_address(request))
    account = accounts.recover(body.name, body.recovery_auth_key, body.value(), body.recovery.value())
    return AccountOut.of(account)


@router.post("/session", responses=documented(400, 401, 429))
def log_in(request: Request, response: Response, body: LoginIn) -> LoginOut:
    """Log in: sets the cookie `matinee_session` to a new token, whatever was there before."""
    accounts = services(request).accounts
    accounts.throttle.take(Kind.LOGIN_ADDRESS, client_address(request))
    login = accounts.log_in(body.name, body.auth_key, body.device or _device(request))
    if old := request.cookies.get(SESSION_COOKIE):
        accounts.log_out(old)
    _set_cookie(request, response, login.token)
    return LoginOut(
        account=AccountOut.of(login.account),
        keys=KeysOut.of(login.keys),
        session_id=login.session_id,
        expires_at=login.expires_at,
    )


@router.delete("/session", status_code=204)
def log_out(request: Request, response: Response) -> None:
    """Log out; works as well when nobody is logged in."""
    if cookie := request.cookies.get(SESSION_COOKIE):
        services(request).accounts.log_out(cookie)
    _drop_cookie(request, response)


@router.get("/account", dependencies=SIGNED_IN, responses=documented(401))
def me(request: Request, asker: Viewer) -> MeOut:
    """Say who is asking."""
    account, keys = services(request).accounts.account(asker.account_id)
    return MeOut(
        **AccountOut.of(account).model_dump(),
        session_id=asker.session_id,
        token_id=asker.token_id,
        keys=KeysOut.of(keys) if asker.session_id else None,
    )


@router.post(
    "/account/password", status_code=204, dependencies=SIGNED_IN, responses=documented(400, 401, 403, 429)
)
def change_password(request: Request, response: Response, asker: LoggedIn, body: PasswordIn) -> None:
    """Change the password: every other login ends, this one gets a new cookie. API tokens stay."""
    token = services(request).accounts.change_password(asker, body.old_auth_key, body.value())
    _set_cookie(request, response, token)


@router.get("/sessions", dependencies=SIGNED_IN, responses=documented(401))
def sessions(request: Request, asker: Viewer) -> DevicesOut:
    """List the devices that are logged in."""
    devices = services(request).accounts.devices(asker.account_id)
    return DevicesOut(
        sessions=[
            DeviceOut(
                id=d.id,
                device=d.device,
                created_at=d.created_at,
                last_seen_at=d.last_seen_at,
                expires_at=d.expires_at,
                current=d.id == asker.session_id,
            )
            for d in devices
        ]
    )


@router.delete(
    "/sessions/{session_id}", status_code=204, dependencies=SIGNED_IN, responses=documented(401, 403, 404)
)
def revoke_session(request: Request, response: Response, asker: LoggedIn, session_id: str) -> None:
    """Log a device out; it is out with its next request."""
    services(request).accounts.revoke_device(asker.account_id, session_id)
    if session_id == asker.session_id:
        _drop_cookie(request, response)


@router.get("/tokens", dependencies=SIGNED_IN, responses=documented(401))
def tokens(request: Request, asker: Viewer) -> TokensOut:
    """List the API tokens; their texts are not kept."""
    listed = services(request).accounts.tokens(asker.account_id)
    return TokensOut(tokens=[TokenOut.of(token) for token in listed])


@router.post("/tokens", status_code=201, dependencies=SIGNED_IN, responses=documented(400, 401, 403, 409))
def create_token(request: Request, asker: LoggedIn, body: TokenIn) -> IssuedTokenOut:
    """Make an API token; its text is answered this once."""
    issued = services(request).accounts.create_token(asker.account_id, body.label or "")
    return IssuedTokenOut(**TokenOut.of(issued.info).model_dump(), token=issued.text.reveal().decode())


@router.delete(
    "/tokens/{token_id}", status_code=204, dependencies=SIGNED_IN, responses=documented(401, 403, 404)
)
def revoke_token(request: Request, asker: LoggedIn, token_id: str) -> None:
    """Revoke an API token; it is dead with its next request."""
    services(request).accounts.revoke_token(asker.account_id, token_id)


def _device(request: Request) -> str:
    return device_words(request.headers.get("user-agent", ""), request.headers.get("sec-ch-ua", ""))


def _set_cookie(request: Request, response: Response, token: SecretBytes) -> None:
    response.set_cookie(
        SESSION_COOKIE,
        token.reveal().decode(),
        max_age=int(ABSOLUTE.total_seconds()),
        path="/",
        secure=is_secure(request),
        httponly=True,
        samesite="lax",
    )


def _drop_cookie(request: Request, response: Response) -> None:
    response.delete_cookie(SESSION_COOKIE, path="/", secure=is_secure(request), httponly=True, samesite="lax")
