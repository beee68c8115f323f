/** Suites of many processes or of a cluster, which `npm run test:long` runs, so that `npm test` stays short. */
export const LONG = [
  '/test/demo-long',
  '/test/outages/broker-cluster',
  '/test/replicas/',
  '/test/security/every-tarpit',
  '/test/security/answer-siege',
  '/test/security/expiry-storm',
  '/test/security/log-in-by-thousands',
  '/test/torture/torture',
];

/** Suites with a small form, in `npm test`, and a full one, in `npm run test:long` (test/support/form.ts). */
export const IN_BOTH_FORMS = [
  '/src/contract/event',
  '/src/contract/reply',
  '/src/drain/round/plan',
  '/src/json/large-json',
  '/src/state/changes/change-chain',
  '/src/state/reconcile/missed',
  '/test/api/openapi.unit',
  '/test/budget',
  '/test/contract/events',
  '/test/contract/replies',
  '/test/ledger/any-sequence',
  '/test/model/loses-nothing',
  '/test/republish',
  '/test/security/bad-answers',
  '/test/security/flood',
  '/test/security/install-flood',
  '/test/security/large-replies',
  '/test/security/pipelines',
  '/test/snapshot/complete',
  '/test/state/reconcile-quiet',
];

/**
 * Suites that need neither a broker nor a database server: `npm run test:unit` runs them, and
 * test/support/no-servers.mjs holds them to it. One beside its code that needs RabbitMQ is named `.rmq.spec.ts`.
 */
export const UNIT =
  /(?:\/(?:src|emulator|bench|test\/model)\/(?:[^/]+\/)*(?!.*\.rmq\.)[^/]+|\.unit)\.spec\.ts$/;

/**
 * Suites that use the same code, the first whose pattern a path fits, and how many workers `npm test` gives them on two
 * cores. Journeys wait more than they compute: fewer workers would leave cores idle. Each more has to load and compile it
 * all again, which a slow machine feels, and there they compute for longer.
 */
export const KINDS = [
  { paths: UNIT.source, workers: { slow: 1, quick: 1 } },
  { paths: '/(?:src|test/ledger)/', workers: { slow: 1, quick: 1 } },
  { paths: '', workers: { slow: 6, quick: 10 } },
];

/** @type {import('jest').Config} */
export default {
  // Suites run in Node itself (test/runner/runtime.cjs says why).
  testEnvironment: '<rootDir>/test/runner/environment.mjs',
  runtime: '<rootDir>/test/runner/runtime.cjs',
  roots: ['<rootDir>/src', '<rootDir>/emulator', '<rootDir>/test', '<rootDir>/bench', '<rootDir>/examples'],
  testMatch: ['**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', ...LONG],
  globalSetup: '<rootDir>/test/support/run-folder.mjs',
  globalTeardown: '<rootDir>/test/support/end-of-run.mjs',
  setupFilesAfterEnv: [
    '<rootDir>/test/support/ended-suites.mjs',
    '<rootDir>/test/support/no-servers.mjs',
    '<rootDir>/test/support/unit-priority.mjs',
  ],
  testTimeout: 90_000,
  // A worker takes more than jest's half second to end: V8 alone does, and a connection's last timer a second.
  workerGracefulExitTimeout: 10_000,
  testSequencer: '<rootDir>/test/support/longest-first.mjs',
  runner: ['<rootDir>/test/runner/workers-by-kind.cjs', { kinds: KINDS }],
  maxWorkers: 10,
};
