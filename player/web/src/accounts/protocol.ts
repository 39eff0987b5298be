/** The account routes of the JSON API, in terms of keys and bytes. */

import { call } from "../api/http.ts";
import { type Bytes, fromBase64url, random, toBase64url } from "../vault/bytes.ts";
import { deriveKeys } from "../vault/client.ts";
import { type Kdf, type Keys, keysFromRecovery } from "../vault/derive.ts";
import { newKeyPairs, unwrap, wrap } from "../vault/keys.ts";
import { newRecoveryCode } from "../vault/recovery.ts";
import { type AccountAnswer, deviceName } from "./shared.ts";

const API = "/api/v1";

interface Secrets {
  keys: Keys;
  salt: Bytes;
}

/** The keys of a password for an account that exists. */
export async function existingKeys(name: string, password: string): Promise<Keys> {
  const asked = await call<{ salt: string; kdf: Kdf }>("POST", `${API}/accounts/prelogin`, { name });
  return deriveKeys(password, fromBase64url(asked.salt), asked.kdf);
}

/** The keys of a new password, under a new salt. */
async function freshKeys(password: string): Promise<Secrets> {
  const salt = random(16);
  return { salt, keys: await deriveKeys(password, salt) };
}

/** What the server stores of a password: nothing that tells it. */
async function passwordFields({ keys, salt }: Secrets, privateBytes: Bytes): Promise<Record<string, string>> {
  return {
    salt: toBase64url(salt),
    auth_key: toBase64url(keys.auth),
    wrapped_private: toBase64url(await wrap(keys.wrapping, privateBytes)),
  };
}

async function recoveryFields(code: Bytes, privateBytes: Bytes): Promise<Record<string, string>> {
  const keys = await keysFromRecovery(code);
  return { auth_key: toBase64url(keys.auth), wrapped_private: toBase64url(await wrap(keys.wrapping, privateBytes)) };
}

async function enter(name: string, keys: Keys): Promise<AccountAnswer> {
  return call<AccountAnswer>("POST", `${API}/session`, { name, auth_key: toBase64url(keys.auth), device: deviceName() });
}

export async function logIn(name: string, password: string): Promise<AccountAnswer> {
  return enter(name, await existingKeys(name, password));
}

/** Makes the account and logs in to it. Answers its recovery code, which exists nowhere else. */
export async function registerAccount(name: string, password: string): Promise<Bytes> {
  const [secrets, pairs] = await Promise.all([freshKeys(password), newKeyPairs()]);
  const code = newRecoveryCode();
  const { wrapped_private, ...login } = await passwordFields(secrets, pairs.privateBytes);
  await call("POST", `${API}/accounts`, {
    name,
    ...login,
    keys: {
      x25519_public: toBase64url(pairs.x25519Public),
      ed25519_public: toBase64url(pairs.ed25519Public),
      wrapped_private,
    },
    recovery: await recoveryFields(code, pairs.privateBytes),
  });
  await enter(name, secrets.keys);
  return code;
}

/** Sets a new password with the recovery code, and logs in. Answers the new recovery code. */
export async function recoverAccount(name: string, code: Bytes, password: string): Promise<Bytes> {
  const old = await keysFromRecovery(code);
  const recovery_auth_key = toBase64url(old.auth);
  const started = await call<{ wrapped_private: string }>("POST", `${API}/accounts/recover/start`, { name, recovery_auth_key });
  const privateBytes = await unwrap(old.wrapping, fromBase64url(started.wrapped_private));
  const secrets = await freshKeys(password);
  const next = newRecoveryCode();
  await call("POST", `${API}/accounts/recover`, {
    name,
    recovery_auth_key,
    ...(await passwordFields(secrets, privateBytes)),
    recovery: await recoveryFields(next, privateBytes),
  });
  await enter(name, secrets.keys);
  return next;
}

/** Wraps the account's private keys anew and tells the server the new authentication key. */
export async function changeAccountPassword(old: string, password: string): Promise<void> {
  const account = await call<{ name: string; keys: { wrapped_private: string } }>("GET", `${API}/account`);
  const before = await existingKeys(account.name, old);
  const old_auth_key = toBase64url(before.auth);
  const privateBytes = await unwrap(before.wrapping, fromBase64url(account.keys.wrapped_private));
  const after = await passwordFields(await freshKeys(password), privateBytes);
  await call("POST", `${API}/account/password`, { old_auth_key, ...after });
}
