import base, { UNIT } from './jest.config.mjs';

/**
 * What needs neither a broker nor a database server: `npm run test:unit`. It computes and hardly waits, so a worker
 * for each core is enough; each more would load jest once more.
 */
export default { ...base, testMatch: undefined, testRegex: [UNIT.source], maxWorkers: '100%' };
