import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["broadcaster/web/static/", "node_modules/", ".venv/", "build/", "dist/"] },
  js.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser, ...globals.serviceworker, RELEASE: "readonly", KEPT_FILES: "readonly" } },
    rules: { eqeqeq: "error", "no-var": "error", "prefer-const": "error" },
  },
  { files: ["**/*.mjs", "*.config.js", "tests/**/*.js"], languageOptions: { globals: globals.node } },
];
