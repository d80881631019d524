// Bundles the pages' scripts and styles into ../static/, each named by what it holds, and lists them in manifest.json.
// Every .js and .css of this folder is a page's own entry; what they share stands in parts/.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const there = join(here, "..", "static");
const out = `${there}.${process.pid}`; // made beside it, and put in its place when it is whole
const WORKER = "worker.js";
const entries = (await readdir(here)).filter((name) => /\.(js|css)$/.test(name) && name !== WORKER);
const target = ["chrome100", "firefox115", "safari15.4"];

await mkdir(out, { recursive: true });
const common = { bundle: true, minify: true, target, legalComments: "none", logLevel: "warning", metafile: true };

const pages = await build({
  ...common,
  entryPoints: entries.map((name) => join(here, name)),
  outdir: out,
  format: "esm",
  splitting: true,
  entryNames: "[name]-[hash]",
  chunkNames: "part-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".svg": "file", ".png": "file" },
});

const manifest = {};
for (const [path, made] of Object.entries(pages.metafile.outputs)) {
  if (made.entryPoint) manifest[basename(made.entryPoint)] = basename(path);
}

/** Return the files that an entry's script imports at once, so that a page can ask for them all together. */
const imported = (path, found = new Set()) => {
  for (const each of pages.metafile.outputs[path].imports.filter(({ kind }) => kind === "import-statement")) {
    if (!found.has(each.path)) imported(each.path, found.add(each.path));
  }
  return found;
};
const imports = {};
for (const [path, made] of Object.entries(pages.metafile.outputs)) {
  if (made.entryPoint && path.endsWith(".js")) imports[basename(made.entryPoint)] = [...imported(path)].map((each) => basename(each));
}

// The service worker has one name for ever: browsers look there for a newer one. It knows the files that it keeps.
const worker = await build({
  ...common,
  entryPoints: [join(here, WORKER)],
  outfile: join(out, WORKER),
  format: "iife",
  loader: { ".png": "dataurl" },
  define: {
    KEPT_FILES: JSON.stringify(["public.css", "resident.js"].map((name) => manifest[name]).filter(Boolean)),
    RELEASE: JSON.stringify(createHash("sha256").update(JSON.stringify(manifest)).digest("hex").slice(0, 12)),
  },
});
manifest[WORKER] = WORKER;
manifest.imports = imports;
manifest.version = createHash("sha256").update(await readFile(join(out, WORKER))).digest("hex").slice(0, 12);

for (const path of [...Object.keys(pages.metafile.outputs), ...Object.keys(worker.metafile.outputs)].map((each) => basename(each))) {
  if (/\.(js|css|svg)$/.test(path)) {
    const body = await readFile(join(out, path));
    await writeFile(join(out, `${path}.gz`), gzipSync(body, { level: 9 }));
  }
}
await writeFile(join(out, "manifest.json"), `${JSON.stringify(manifest, null, 1)}\n`);
await rm(there, { recursive: true, force: true });
await rename(out, there);
