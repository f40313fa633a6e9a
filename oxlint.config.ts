import { defineConfig } from "oxlint";

export default defineConfig({
  ignorePatterns: ["**/node_modules/", "coverage/", "test/fixtures/"],
  plugins: ["typescript"],
  jsPlugins: ["./test/lintRules.ts"],
  options: { typeAware: true },
  categories: { correctness: "error" },
  // The rules that typescript-eslint recommends with type information and `correctness` lacks.
  rules: {
    // Terminal escapes are what some tests look for.
    "no-control-regex": "off",
    // It does not count `??=` as a use.
    "no-unused-private-class-members": "off",
    // The objects of Kubernetes' client are classes without methods.
    "typescript/no-misused-spread": "off",
    // A caught value may be no Error, whatever it is cast to.
    "typescript/no-useless-default-assignment": "off",
    // Names are sorted, and entries by their names: the default order is right for both.
    "typescript/require-array-sort-compare": "off",
    "no-array-constructor": "error",
    "no-unused-expressions": "error",
    "no-var": "error",
    "prefer-const": "error",
    "prefer-rest-params": "error",
    "prefer-spread": "error",
    // A destructured `_name` says what is left out of the rest.
    "no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
    "typescript/ban-ts-comment": "error",
    "typescript/consistent-type-imports": "error",
    "typescript/no-empty-object-type": "error",
    "typescript/no-explicit-any": "error",
    "typescript/no-misused-promises": "error",
    "typescript/no-namespace": "error",
    "typescript/no-require-imports": "error",
    "typescript/no-unnecessary-type-assertion": "error",
    "typescript/no-unnecessary-type-constraint": "error",
    "typescript/no-unsafe-argument": "error",
    "typescript/no-unsafe-assignment": "error",
    "typescript/no-unsafe-call": "error",
    "typescript/no-unsafe-enum-comparison": "error",
    "typescript/no-unsafe-function-type": "error",
    "typescript/no-unsafe-member-access": "error",
    "typescript/no-unsafe-return": "error",
    "typescript/only-throw-error": "error",
    "typescript/prefer-promise-reject-errors": "error",
    "typescript/restrict-plus-operands": "error",
  },
  overrides: [
    {
      // Entry points that Node runs without types.
      files: ["**/*.js"],
      rules: {
        "typescript/no-unsafe-argument": "off",
        "typescript/no-unsafe-assignment": "off",
        "typescript/no-unsafe-call": "off",
        "typescript/no-unsafe-member-access": "off",
        "typescript/no-unsafe-return": "off",
      },
    },
    {
      // Tests spoil parsed input on purpose and read free-form registrations; rules judge manifests
      // that anyone may have written: what both find there is what they check.
      files: ["test/**/*.ts", "policies/**/*.ts"],
      rules: {
        "typescript/no-unsafe-assignment": "off",
        "typescript/no-unsafe-member-access": "off",
        "typescript/no-unsafe-argument": "off",
        "typescript/no-unsafe-return": "off",
        "typescript/no-unsafe-call": "off",
        "typescript/no-explicit-any": "off",
        "typescript/unbound-method": "off",
      },
    },
    {
      // The server, the policies and the engine look at the machine's clock.
      files: ["test/engine/**/*.ts", "test/contract/**/*.ts", "test/judged/**/*.ts"],
      rules: { "tests/no-fixed-day": "error" },
    },
  ],
});
