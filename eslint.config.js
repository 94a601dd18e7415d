import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** The borders: what the files of a folder may not import. */
function border(files, patterns) {
  return {
    files,
    rules: { 'no-restricted-imports': ['error', { patterns }] },
  };
}

/** What happened when, what is due and what is late goes by the clock that every role is given: a test sets it. */
const byTheClock = 'Take the time from the clock in RoleContext, and hand it to PostgreSQL as a parameter.';
const machineTime = [
  'NewExpression[callee.name="Date"][arguments.length=0]',
  'MemberExpression[object.name="Date"][property.name="now"]',
  String.raw`TemplateElement[value.raw=/\b(now|clock_timestamp)\(\)|current_timestamp/i]`,
  String.raw`Literal[value=/\b(now|clock_timestamp)\(\)|current_timestamp/i]`,
].map((selector) => ({ selector, message: byTheClock }));

const roles = ['actors', 'gateway', 'subscribers/audit', 'subscribers/websocket'];
const effects = [
  'node:fs',
  'node:fs/*',
  'node:net',
  'node:http',
  'node:https',
  'node:child_process',
  'node:timers',
  'node:timers/*',
  'pg',
  'koa',
  '@koa/*',
  'ws',
  'undici',
  'pino',
  'prom-client',
  '@dapr/*',
];

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'domain/events/generated.ts'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/dot-notation': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      // Contracts are interfaces that are taken apart; classes here do not hand out their methods.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: { string: true } }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // Code points are what JSON Schema counts.
      '@typescript-eslint/no-misused-spread': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      'no-console': 'error',
    },
  },
  border(
    ['domain/**/*.ts'],
    [
      { group: effects, message: 'domain/ has no effects: give what it needs as a parameter.' },
      {
        group: ['**/runtime/**', '**/actors/**', '**/gateway/**', '**/subscribers/**', '**/test/**'],
        message: 'domain/ knows nobody else.',
      },
    ],
  ),
  ...roles.map((role) =>
    border(
      [`${role}/**/*.ts`],
      [
        {
          group: roles.filter((other) => other !== role).map((other) => `**/${other}/**`),
          message: 'Roles never import each other: they meet in events, in domain/ and in runtime/role.ts.',
        },
        {
          group: ['**/runtime/main.js', '**/runtime/roles.js', '**/test/**'],
          message: 'Only runtime/main.ts and runtime/roles.ts know the roles.',
        },
      ],
    ),
  ),
  {
    // The one place where roles are known, and the host of the actors' HTTP contract.
    files: ['runtime/**/*.ts'],
    ignores: ['runtime/roles.ts', 'runtime/main.ts', 'runtime/app-door.ts', 'runtime/role.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['**/actors/**', '**/gateway/**', '**/subscribers/**'],
              message: 'Only runtime/roles.ts knows the roles.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['domain/**/*.ts', 'actors/**/*.ts', 'gateway/**/*.ts', 'subscribers/**/*.ts'],
    ignores: [
      // How long something takes or is behind, and how long a token holds.
      'actors/relay/**',
      'gateway/interchange/**',
      'subscribers/audit/**',
      'subscribers/websocket/**',
      // Compared with the clocks of others.
      'subscribers/notification/channels/webhook.ts',
      'subscribers/notification/outbound/post.ts',
      // A mark that is compared with itself alone, and the place of an id in its index.
      'actors/rezone/sql.ts',
      'gateway/sql/user-settings.ts',
      'gateway/task-id.ts',
    ],
    rules: { 'no-restricted-syntax': ['error', ...machineTime] },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // chai's assertions are expressions.
      '@typescript-eslint/no-unused-expressions': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    files: ['**/*.js'],
    languageOptions: { globals: { process: 'readonly' } },
  },
);
