/** The vault against the known answers that Python verifies too (tests/vectors/vault.json). */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fromBase64url, toBase64url } from "../src/vault/bytes.ts";
import { KDF, checkKdf, keysFromRecovery, keysFromStretched, stretch } from "../src/vault/derive.ts";
import { NotOurKey, newKeyPairs, unwrap, wrap } from "../src/vault/keys.ts";
import { newRecoveryCode, readRecoveryCode, writeRecoveryCode } from "../src/vault/recovery.ts";

const known = JSON.parse(readFileSync(new URL("../../../tests/vectors/vault.json", import.meta.url), "utf8"));
const accountKeys = toBase64url(
  Buffer.concat([fromBase64url(known.account_keys.x25519_private), fromBase64url(known.account_keys.ed25519_private)]),
);

for (const one of known.passwords) {
  test(`a password gives the known keys: ${one.name}`, async () => {
    const raw = await stretch(one.password, fromBase64url(one.salt), known.kdf);
    assert.equal(toBase64url(raw), one.raw);
    const keys = await keysFromStretched(raw);
    assert.equal(toBase64url(keys.auth), one.auth_key);
    assert.equal(toBase64url(keys.wrapping), one.wrapping_key);
    const wrapped = await wrap(keys.wrapping, fromBase64url(accountKeys), fromBase64url(one.nonce));
    assert.equal(toBase64url(wrapped), one.wrapped_private);
    assert.equal(toBase64url(await unwrap(keys.wrapping, wrapped)), accountKeys);
  });
}

for (const one of known.recovery) {
  test(`a recovery code gives the known keys: ${one.name}`, async () => {
    assert.equal(writeRecoveryCode(fromBase64url(one.code)), one.text);
    const code = readRecoveryCode(one.text);
    assert.ok(code);
    assert.equal(toBase64url(code), one.code);
    const keys = await keysFromRecovery(code);
    assert.equal(toBase64url(keys.auth), one.auth_key);
    assert.equal(toBase64url(keys.wrapping), one.wrapping_key);
    assert.equal(toBase64url(await unwrap(keys.wrapping, fromBase64url(one.wrapped_private))), accountKeys);
  });
}

for (const one of known.must_fail) {
  test(`wrapped keys are refused: ${one.name}`, async () => {
    await assert.rejects(unwrap(fromBase64url(one.wrapping_key), fromBase64url(one.wrapped_private)), NotOurKey);
  });
}

test("a recovery code is read as people type it", () => {
  const code = newRecoveryCode();
  const written = writeRecoveryCode(code);
  assert.match(written, /^([0-9A-HJKMNP-TV-Z]{4}-){7}[0-9A-HJKMNP-TV-Z]{4}$/);
  const sloppy = written.toLowerCase().replaceAll("-", " ").replaceAll("0", "o").replaceAll("1", "l");
  assert.deepEqual(readRecoveryCode(sloppy), code);
  assert.equal(readRecoveryCode(written.slice(1)), null);
  assert.equal(readRecoveryCode(`U${written.slice(1)}`), null);
});

test("new key pairs are raw, of the right size, and never the same", async () => {
  const [one, two] = await Promise.all([newKeyPairs(), newKeyPairs()]);
  assert.equal(one.x25519Public.length, 32);
  assert.equal(one.ed25519Public.length, 32);
  assert.equal(one.privateBytes.length, 64);
  assert.notDeepEqual(one.privateBytes, two.privateBytes);
});

test("the private halves belong to the public ones", async () => {
  const made = await newKeyPairs();
  const prefix = Buffer.from("302e020100300506032b657004220420", "hex");
  const pkcs8 = Buffer.concat([prefix, made.privateBytes.slice(32)]);
  const signing = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", false, ["sign"]);
  const signature = await crypto.subtle.sign("Ed25519", signing, Buffer.from("film"));
  const verifying = await crypto.subtle.importKey("raw", made.ed25519Public, "Ed25519", false, ["verify"]);
  assert.ok(await crypto.subtle.verify("Ed25519", verifying, signature, Buffer.from("film")));
});

test("weaker settings than ours are not obeyed", () => {
  assert.throws(() => checkKdf({ ...KDF, m: 8 }));
  assert.throws(() => checkKdf({ ...KDF, t: 1 }));
  assert.doesNotThrow(() => checkKdf({ ...KDF }));
});

test("base64url refuses what it does not know", () => {
  assert.throws(() => fromBase64url("a+b/"));
  assert.throws(() => fromBase64url("abcde"));
  assert.deepEqual(fromBase64url(toBase64url(Uint8Array.of(255, 254, 0))), Uint8Array.of(255, 254, 0));
});
