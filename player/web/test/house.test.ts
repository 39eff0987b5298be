/** Rules of the house that the front end must keep: pinned, hashed, and nothing from anybody else's host. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const web = new URL("../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, web), "utf8");

test("the lock file pins every package by hash and holds no address", () => {
  const packages: Record<string, { integrity?: string; resolved?: string; link?: boolean }> = JSON.parse(read("package-lock.json")).packages;
  for (const [name, entry] of Object.entries(packages)) {
    if (name === "") continue;
    assert.ok(entry.integrity?.startsWith("sha512-"), name);
    assert.equal(entry.resolved, undefined, name);
  }
});

test("versions are exact", () => {
  const { dependencies, devDependencies } = JSON.parse(read("package.json"));
  for (const version of Object.values({ ...dependencies, ...devDependencies })) assert.match(String(version), /^\d+\.\d+\.\d+$/);
});

test("our sources name no other host", () => {
  for (const entry of readdirSync(new URL("src/", web), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const text = readFileSync(`${entry.parentPath}/${entry.name}`, "utf8");
    assert.doesNotMatch(text, /["'`(]https?:\/\//, entry.name);
    assert.doesNotMatch(text, /\binnerHTML\b|insertAdjacentHTML|document\.write/, entry.name);
  }
});

test("the built style fetches nothing", { skip: !existsSync(new URL("../static/built/manifest.json", web)) }, () => {
  const names = JSON.parse(read("../static/built/manifest.json"));
  const css = read(`../static/built/${names["watch.css"]}`);
  for (const [, address] of css.matchAll(/url\(\s*["']?([^"')]*)/g)) assert.match(address ?? "", /^data:/);
  assert.doesNotMatch(css, /@import|@font-face/);
});

test("pages stay light: what every page loads is under 30 kB, the screen's own part under 40 kB", { skip: !existsSync(new URL("../static/built/manifest.json", web)) }, () => {
  const names = JSON.parse(read("../static/built/manifest.json"));
  const total = (entry: string, seen = new Set<string>()): number => {
    if (seen.has(entry)) return 0;
    seen.add(entry);
    const code = read(`../static/built/${entry}`);
    const needed = [...code.matchAll(/(?:from|import)\s*"\.\/([\w-]+\.js)"/g)].map(([, name]) => name ?? "");
    return code.length + needed.reduce((sum, name) => sum + total(name, seen), 0);
  };
  assert.ok(total(names["app.js"]) < 30_000, `${total(names["app.js"])}`);
  assert.ok(total(names["watch.js"]) < 40_000, `${total(names["watch.js"])}`);
});
