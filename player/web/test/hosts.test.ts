/** Which addresses a segment has, and which host is asked first after one failed. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Hosts, basesOf } from "../src/screen/hosts.ts";

const NEAR = "https://near.test/media/17.aa/ti_x/ve_y";
const FAR = "https://far.test/films/media/17.bb/ti_x/ve_y";
const MANIFEST = JSON.stringify({ VERSION: 1, "PATHWAY-PRIORITY": ["near", "far"], "X-MATINEE-BASES": { far: FAR, near: NEAR } });

function steered(): Hosts {
  const hosts = new Hosts();
  hosts.steer(MANIFEST);
  return hosts;
}

test("a segment can be had from every host, in the order the house says", () => {
  const old = "https://near.test/media/16.zz/ti_x/ve_y/v240/v-1.m4s";
  assert.deepEqual(steered().addresses(old), [`${NEAR}/v240/v-1.m4s`, `${FAR}/v240/v-1.m4s`]);
});

test("a token belongs to its own host", () => {
  const hosts = new Hosts();
  const cat = "https://cat.test/media/cat/ti_x/ve_y?CAT=0YRD";
  hosts.steer(JSON.stringify({ "PATHWAY-PRIORITY": ["cat", "far"], "X-MATINEE-BASES": { cat, far: FAR } }));
  const both = ["https://cat.test/media/cat/ti_x/ve_y/v240/v-1.m4s?CAT=0YRD", `${FAR}/v240/v-1.m4s`];
  assert.deepEqual(hosts.addresses("https://cat.test/media/cat/ti_x/ve_y/v240/v-1.m4s?CAT=old"), both);
  assert.deepEqual(hosts.addresses(`${FAR}/v240/v-1.m4s`), both);
});

test("keys, playlists and a house without hosts keep their one address", () => {
  const key = "https://house.test/play/token/key/v240/0";
  const own = "https://house.test/media/16.zz/ti_x/ve_y/v240/v-1.m4s";
  assert.deepEqual(steered().addresses(key), [key]);
  assert.deepEqual(steered().addresses(own), [own]);
  assert.deepEqual(new Hosts().addresses(`${NEAR}/v240/v-1.m4s`), [`${NEAR}/v240/v-1.m4s`]);
});

test("a host that failed is asked last for a minute", () => {
  const clock = mock.method(performance, "now", () => 1000);
  const hosts = steered();
  assert.equal(hosts.failed(`${NEAR}/v240/v-1.m4s`), true);
  assert.deepEqual(hosts.addresses(`${NEAR}/v240/v-2.m4s`), [`${FAR}/v240/v-2.m4s`, `${NEAR}/v240/v-2.m4s`]);
  clock.mock.mockImplementation(() => 62_000);
  assert.deepEqual(hosts.addresses(`${NEAR}/v240/v-3.m4s`), [`${NEAR}/v240/v-3.m4s`, `${FAR}/v240/v-3.m4s`]);
  clock.mock.restore();
});

test("when all have failed, none may do better, and the one that failed first is tried first", () => {
  const clock = mock.method(performance, "now", () => 1000);
  const hosts = steered();
  hosts.failed(`${FAR}/v240/v-1.m4s`);
  clock.mock.mockImplementation(() => 2000);
  assert.equal(hosts.failed(`${NEAR}/v240/v-1.m4s`), false);
  assert.equal(hosts.addresses(`${NEAR}/v240/v-2.m4s`)[0], `${FAR}/v240/v-2.m4s`);
  clock.mock.restore();
});

test("what fails at the house is no host's fault", () => {
  assert.equal(steered().failed("https://house.test/play/token/key/v240/0"), false);
});

test("a steering manifest that says nothing changes nothing", () => {
  for (const text of ["", "{", "[]", "null", "{}", '{"PATHWAY-PRIORITY":["near"]}', '{"PATHWAY-PRIORITY":["a"],"X-MATINEE-BASES":{"a":7}}']) {
    assert.deepEqual(basesOf(text), []);
  }
  const hosts = steered();
  hosts.steer("{}");
  assert.equal(hosts.addresses(`${NEAR}/v240/v-1.m4s`).length, 2);
});

test("another playback begins without hosts", () => {
  const hosts = steered();
  hosts.begin();
  assert.deepEqual(hosts.addresses(`${NEAR}/v240/v-1.m4s`), [`${NEAR}/v240/v-1.m4s`]);
});
