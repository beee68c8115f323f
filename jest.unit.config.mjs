import base, { UNIT } from './jest.config.mjs';

/** What needs neither a broker nor a database server: `npm run test:unit`. */
export default {
  ...base,
  testMatch: undefined,
  testRegex: [UNIT.source],
  runner: 'jest-runner',
  // It hardly waits, and each worker loads and compiles it all again.
  maxWorkers: 3,
};
