export default {
  extends: "stylelint-config-standard",
  rules: {
    "declaration-property-value-no-unknown": [true, { ignoreProperties: { "string-set": "/content/" } }], // CSS GCPM, in print
    "import-notation": "string",
    "media-feature-name-value-allowed-list": { // the one scale: a small telephone, more than a telephone, a desk
      "max-width": ["24rem", "39.99rem", "55.99rem"],
      "min-width": ["40rem", "56rem"],
    },
    "media-feature-range-notation": "prefix", // telephones of 2021 know no ranges
    "no-descending-specificity": null,
    "property-no-vendor-prefix": null, // Safari still needs some
    "selector-class-pattern": null,
    "value-keyword-case": null, // A4, Roboto
  },
};
