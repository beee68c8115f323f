import base, { LONG } from './jest.config.mjs';

/** What takes a minute or more: `npm run test:long`. */
export default {
  ...base,
  testMatch: undefined,
  testPathIgnorePatterns: ['/node_modules/'],
  testRegex: LONG.map((path) => `${path}.*\\.spec\\.ts$`),
};
