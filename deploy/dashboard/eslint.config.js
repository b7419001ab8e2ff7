import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist", "shots", "node_modules", "src/api/schema.d.ts", "public", "src/worker.js"] },
  ...tseslint.configs.strictTypeChecked,
  {
    files: ["**/*.{ts,tsx}"],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { "react-hooks": hooks },
    rules: {
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
      "max-lines": ["error", { max: 450 }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // An arrow whose value nobody reads is the shortest handler there is, and a return the shortest way out.
      "@typescript-eslint/no-confusing-void-expression": "off",
      // Types that the caller names, such as of parsed JSON.
      "@typescript-eslint/no-unnecessary-type-parameters": "off",
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
    },
  },
  { files: ["eslint.config.js"], ...tseslint.configs.disableTypeChecked },
);
