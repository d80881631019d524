export default {
  extends: "stylelint-config-standard",
  rules: {
    "declaration-property-value-no-unknown": [true, { ignoreProperties: { "string-set": "/content/" } }], // CSS GCPM, in print
    "import-notation": "string",
    "media-feature-range-notation": "prefix", // telephones of 2021 know no ranges
    "no-descending-specificity": null,
    "property-no-vendor-prefix": null, // Safari still needs some
    "selector-class-pattern": null,
    "value-keyword-case": null, // A4, Roboto
  },
};
