import base, { IN_BOTH_FORMS, LONG } from './jest.config.mjs';

process.env.TEST_FORM = 'full';

/** What takes a minute or more: `npm run test:long`. */
export default {
  ...base,
  testMatch: undefined,
  testPathIgnorePatterns: ['/node_modules/'],
  testRegex: [...LONG.map((path) => `${path}.*`), ...IN_BOTH_FORMS].map((path) => `${path}\\.spec\\.ts$`),
  runner: 'jest-runner',
  // The attacks are measured, and a cluster keeps time limits of its own: six of these at once starve each other.
  maxWorkers: 3,
};
