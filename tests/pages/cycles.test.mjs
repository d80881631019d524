import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const SOURCES = fileURLToPath(new URL("../../broadcaster/web/sources/", import.meta.url));

/** Return a path of imports that comes back to its start, or null; those by ``import()`` count. */
function cycle(imports, path = [], free = new Set()) {
  const next = path.length ? imports[path.at(-1)] : Object.keys(imports);
  for (const name of next) {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (free.has(name)) continue;
    const found = cycle(imports, [...path, name], free);
    if (found) return found;
    free.add(name);
  }
  return null;
}

test("a cycle is found behind other imports", () => {
  assert.equal(cycle({ a: ["b", "c"], b: ["c"], c: [] }), null);
  assert.deepEqual(cycle({ a: ["b"], b: ["c", "d"], c: [], d: ["b"] }), ["b", "d", "b"]);
});

test("no script imports itself by way of others", async () => {
  const entryPoints = (await readdir(SOURCES)).filter((name) => name.endsWith(".js"));
  const { metafile } = await build({
    absWorkingDir: SOURCES,
    entryPoints,
    bundle: true,
    splitting: true,
    format: "esm",
    outdir: "unwritten",
    write: false,
    metafile: true,
    packages: "external",
    loader: { ".png": "empty" },
    logLevel: "error",
  });
  const imports = Object.fromEntries(
    Object.entries(metafile.inputs).map(([name, each]) => [name, each.imports.filter(({ external }) => !external).map(({ path }) => path)]),
  );
  assert.ok(imports["parts/operator_request.js"].includes("parts/passkey.js"), "imports by import() are not listed");
  assert.equal(cycle(imports), null);
});
