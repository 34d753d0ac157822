import tseslint from 'typescript-eslint';

export default tseslint.config(
  {ignores: ['dist/', 'coverage/', 'node_modules/']},
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    languageOptions: {parserOptions: {projectService: true, tsconfigRootDir: import.meta.dirname}},
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', {considerDefaultExhaustiveForUnions: true}],
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-restricted-properties': ['error', {object: 'process', property: 'exit', message: 'It truncates pipes; set process.exitCode.'}],
      eqeqeq: 'error',
    },
  },
  // What has been written is written by then, and nothing that is left may keep the process.
  {files: ['src/main.ts'], rules: {'no-restricted-properties': 'off'}},
);
