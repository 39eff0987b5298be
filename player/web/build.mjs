// Bundles the browser code into player/static/built: one module per page, content-hashed names, manifest.json.
// Run through `python -m player.build`, which finds Node and decides whether there is anything to do.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "static", "built");
const pages = ["app", "watch"];

const common = {
  absWorkingDir: here,
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022", "chrome110", "firefox115", "safari16.4"],
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  legalComments: "eof",
  metafile: true,
  logLevel: "warning",
};

/**
 * Shaka as a module, out of the wrapper that serves all ways of loading: a browser reads what stands in a function that is
 * called later once to skip it and then again to run it, which for Shaka is a good part of the way to the first frame.
 */
const unwrapped = {
  name: "shaka-as-module",
  setup(build) {
    build.onLoad({ filter: /shaka-player\.ui-es2021\.js$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      const end = "}).call(exportTo,innerGlobal,innerGlobal,undefined);";
      const [from, to] = [text.indexOf("(function(window,global,module){"), text.lastIndexOf(end)];
      if (from < 0 || to < 0) throw new Error(`${basename(path)} is wrapped otherwise than it was: look at dist/wrapper.js`);
      const head = "const exportTo={},innerGlobal=globalThis;";
      return { contents: `${head}${text.slice(from, to + end.length)}export default exportTo.shaka;`, loader: "js" };
    });
  },
};

/** Names of built files by their stable name: {"watch.js": "watch-ABC.js"}. */
function named(metafile) {
  const names = {};
  for (const path of Object.keys(metafile.outputs)) {
    const file = basename(path);
    if (file.startsWith("chunk-")) continue;
    names[file.replace(/-[A-Z0-9]{8}(\.\w+)$/, "$1")] = file;
  }
  return names;
}

/** What a page's module imports first of all, so that the page can ask for it along with the module: {"watch.first-0.js": …}. */
function firstImports(metafile) {
  const names = {};
  for (const [path, output] of Object.entries(metafile.outputs)) {
    const page = pages.find((one) => output.entryPoint === `src/${one}.ts`);
    if (!page) continue;
    const imports = output.imports.filter(({ kind, external }) => kind === "import-statement" && !external);
    imports.forEach((one, number) => (names[`${page}.first-${number}.js`] = basename(one.path)));
  }
  return names;
}

/** Shaka's stylesheet without its web font (nothing is fetched from another house), then ours. */
async function controlsStyle() {
  const path = join(here, "node_modules", "shaka-player", "dist", "controls.modern.css");
  const theirs = (await readFile(path, "utf8")).replace(/@font-face\s*\{[^}]*\}/g, "");
  const css = theirs + (await readFile(join(here, "src", "screen", "controls.css"), "utf8"));
  const foreign = /url\(\s*["']?(?:https?:)?\/\//.exec(css);
  if (foreign) throw new Error(`controls.css would fetch from another host near: ${css.slice(foreign.index, foreign.index + 80)}`);
  const { code } = await esbuild.transform(css, { loader: "css", minify: true, legalComments: "eof", target: common.target });
  const name = `watch-${createHash("sha256").update(code).digest("hex").slice(0, 8).toUpperCase()}.css`;
  await writeFile(join(out, name), code);
  return { "watch.css": name };
}

await mkdir(out, { recursive: true });
const worker = await esbuild.build({ ...common, entryPoints: { "vault-worker": "src/vault-worker.ts" } });
const workerName = named(worker.metafile)["vault-worker.js"];

/** Each page by itself: what only one page needs must not cost another a round trip for a shared piece. */
const bundles = [];
for (const page of pages) {
  bundles.push(
    await esbuild.build({
      ...common,
      splitting: true,
      entryPoints: { [page]: `src/${page}.ts` },
      plugins: [unwrapped],
      define: { VAULT_WORKER_FILE: JSON.stringify(workerName) },
    }),
  );
}
const metafiles = [worker, ...bundles].map((one) => one.metafile);
const manifest = Object.assign({}, ...metafiles.map(named), ...metafiles.map(firstImports), await controlsStyle());
const sorted = Object.fromEntries(Object.entries(manifest).sort());

await writeFile(join(out, "manifest.json.new"), `${JSON.stringify(sorted, null, 2)}\n`);
await rename(join(out, "manifest.json.new"), join(out, "manifest.json"));
// Pieces that several modules share are in no manifest: keep every file this run wrote.
const written = metafiles.flatMap((one) => Object.keys(one.outputs)).map((path) => basename(path));
const keep = new Set([...written, ...Object.values(sorted), "manifest.json", ".stamp"]);
for (const file of await readdir(out)) if (!keep.has(file)) await rm(join(out, file));
