import * as regexp from 'eslint-plugin-regexp';
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
  {
    // Texts from outside choose how long an expression runs; test/regexes.test.ts measures what a rule cannot see.
    files: ['src/**/*.ts'],
    plugins: {regexp},
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.object.name='Math'] > SpreadElement, CallExpression[callee.property.name='push'] > SpreadElement",
          message: 'It fails where the list is long: highest and lowest of model/extremes.ts, or a loop.',
        },
      ],
      'regexp/no-super-linear-backtracking': ['error', {report: 'potential'}],
      'regexp/no-super-linear-move': ['error', {report: 'potential', ignorePartial: false}],
    },
  },
);
