import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["**/node_modules/", "coverage/", "test/fixtures/"] },
  {
    files: ["**/*.ts"],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // A forgotten await is a test that can't fail or an error that nobody sees.
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      // An interface may ask for a promise where one implementation has nothing to wait for.
      "@typescript-eslint/require-await": "off",
      // A destructured `_name` says what is left out of the rest.
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_" },
      ],
    },
  },
  {
    // Children of a component are registered by their constructor; nobody needs the value.
    files: ["components/**/*.ts", "program/**/*.ts"],
    rules: { "no-new": "off" },
  },
  {
    // Tests spoil parsed input on purpose and read free-form registrations; rules judge manifests
    // that anyone may have written: what both find there is what they check.
    files: ["test/**/*.ts", "policies/**/*.ts"],
    rules: {
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-return": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-explicit-any": "off",
      "@typescript-eslint/unbound-method": "off",
    },
  },
  {
    // The server, the policies and the engine look at the machine's clock.
    files: ["test/engine/**/*.ts", "test/contract/**/*.ts", "test/judged/**/*.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        ...["Literal[value=", "TemplateElement[value.raw="].map((text) => ({
          selector: `${text}/(?<!\\d)20(2[6-9]|[3-9]\\d)-\\d\\d-\\d\\d(?!T)/]`,
          message: "A day in a test is over one day: dayIn of test/support/dates.ts.",
        })),
      ],
    },
  },
);
