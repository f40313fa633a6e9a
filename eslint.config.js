import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["**/node_modules/", "coverage/", "test/fixtures/"] },
  {
    files: ["**/*.ts"],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // A forgotten await is a test that can't fail or an error that nobody sees.
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/consistent-type-imports": "error",
    },
  },
  {
    // Children of a component are registered by their constructor; nobody needs the value.
    files: ["components/**/*.ts", "stacks/**/*.ts"],
    rules: { "no-new": "off" },
  },
);
