// Lint rules; the walls between rooms are import allow-lists, one for each folder.
import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import tseslint from 'typescript-eslint';

const electronOnly = { name: 'electron', message: 'Only main/shell and the Electron entries know electron.' };
const databaseOnly = { name: 'better-sqlite3', message: 'Only the engine opens the database.' };

/**
 * A wall around one room: of all relative imports only its own files, shared and the named rooms pass. Two configs: for the files
 * that stand in the room itself and for those one folder deeper.
 * @param {string} room folder under main/
 * @param {string[]} allowed regular expressions of other rooms' files, seen from main/
 * @param {{ paths?: object[], patterns?: object[] }} more further restrictions of this room
 * @returns {import('eslint').Linter.Config[]}
 */
function wall(room, allowed, { paths = [electronOnly, databaseOnly], patterns = [] } = {}) {
  const message = `main/${room} may not import this room (see "Who may import whom").`;
  return ['', '../'].map((up) => {
    const own = up === '' ? './' : '../(?!../)';
    const passes = ['./', own, `${up}../../shared/`, ...allowed.map((file) => `${up}../${file}`)];
    const regex = `^(?=\\.)(?!(${passes.join('|').replaceAll('.', '\\.')}))`;
    return {
      files: [up === '' ? `main/${room}/*.ts` : `main/${room}/*/*.ts`],
      rules: {
        '@typescript-eslint/no-restricted-imports': ['error', { paths, patterns: [{ regex, message }, ...patterns] }],
      },
    };
  });
}

export default defineConfig(
  // The stand-in loader calls what Electron itself keeps internal; types and module rules know nothing of it.
  { ignores: ['node_modules/', 'out*/', 'dist/', 'screenshots/', 'coverage/', 'scripts/setup/default-app/'] },
  js.configs.recommended,
  tseslint.configs.recommendedTypeChecked,
  svelte.configs.recommended,
  svelte.configs.prettier,
  {
    languageOptions: {
      globals: globals.nodeBuiltin,
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: ['.svelte'],
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-undef': 'off',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // An async function without await keeps a throw inside the promise: that is a use.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: {
      globals: globals.browser,
      parserOptions: { parser: tseslint.parser },
    },
  },

  // The walls.
  {
    files: ['shared/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^(?!valibot(/|$)|\\./[^/]+$)',
              message: 'shared imports the schema library and itself, nothing else.',
            },
          ],
        },
      ],
    },
  },
  ...wall('transport', []),
  ...wall('download', ['transport/port.ts'], {
    patterns: [{ regex: '/transport/', allowTypeImports: true, message: "download knows only transport's Port type." }],
  }),
  ...wall('engine', ['transport/', '../package.json'], { paths: [electronOnly] }),
  ...wall('gateway', ['transport/', 'engine/'], {
    patterns: [
      {
        regex: '/engine/(?!engine\\.ts$)',
        allowTypeImports: true,
        message: "gateway uses the engine's public object; of its other files only types.",
      },
    ],
  }),
  ...wall('shell', ['transport/', 'engine/', 'gateway/'], { paths: [databaseOnly] }),
  {
    files: ['main/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { paths: [databaseOnly], patterns: [{ regex: '^\\./[^/]+\\.ts$', message: 'Nobody imports an entry.' }] },
      ],
    },
  },
  {
    files: ['main/cli.ts', 'main/worker.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [electronOnly, databaseOnly],
          patterns: [
            { regex: '^\\./[^/]+\\.ts$', message: 'Nobody imports an entry.' },
            { regex: '/shell/', message: 'This entry runs under plain Node.' },
          ],
        },
      ],
    },
  },
  {
    files: ['main/cli/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [electronOnly, databaseOnly],
          patterns: [
            { regex: '^\\.\\./[^/]+\\.ts$', message: 'Nobody imports an entry.' },
            { regex: '/shell/', message: 'The command line runs under plain Node.' },
          ],
        },
      ],
    },
  },
  {
    files: ['renderer/**/*.ts', 'renderer/**/*.svelte'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [electronOnly, databaseOnly],
          patterns: [
            { regex: '^node:', message: 'The window has no Node.' },
            { regex: '(^|/)main/', message: 'The window reaches main only through the Bridge.' },
          ],
        },
      ],
    },
  },
  {
    files: ['renderer/ui/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { patterns: [{ regex: '/(shared|state|views|main)/', message: 'ui/ knows nothing of downloads.' }] },
      ],
    },
  },

  // Files stay small enough to be read in one go.
  {
    files: ['main/**/*.ts', 'shared/**/*.ts', 'renderer/**/*.ts'],
    rules: { 'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }] },
  },
  {
    files: ['tests/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'MemberExpression[object.name=/^(test|it|describe)$/][property.name=/^(only|skip|todo)$/]',
          message: 'A test that does not run promises nothing.',
        },
      ],
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
);
