import { run } from './run.mjs';

// The long run; `npm run test:long` has a short one of the same.
process.env.TORTURE_KILLS ??= '100';
process.env.TORTURE_BROKER_FAULTS ??= '20';
process.env.TORTURE_LOST_ANSWERS ??= '100';
process.argv.splice(2, 0, '--config', 'jest.long.config.mjs', 'test/torture');

await run({
  file: 'node_modules/jest/bin/jest.js',
});
