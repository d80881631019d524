import js from "@eslint/js";
import globals from "globals";

const SOURCES = "broadcaster/web/sources/";

export default [
  { ignores: ["broadcaster/web/static/", "node_modules/", ".venv/", "build/", "dist/"] },
  js.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser, ...globals.serviceworker, RELEASE: "readonly", KEPT_FILES: "readonly" } },
    rules: { eqeqeq: "error", "no-var": "error", "prefer-const": "error" },
  },
  {
    files: [`${SOURCES}**/*.js`],
    ignores: [`${SOURCES}parts/request.js`, `${SOURCES}worker.js`],
    rules: { "no-restricted-globals": ["error", { name: "fetch", message: "Use parts/request.js." }] },
  },
  { files: ["**/*.mjs", "*.config.js", "tests/**/*.js"], languageOptions: { globals: globals.node } },
];
