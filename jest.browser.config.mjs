import base from './jest.config.mjs';

/** Journeys through the dashboard in a real browser; `npm run test:browser` provides one. */
export default {
  ...base,
  runner: 'jest-runner',
  roots: ['<rootDir>/test/browser'],
  testMatch: ['**/*.browser.ts'],
  testTimeout: 180_000,
  // One waits while another computes.
  maxWorkers: 2,
};
