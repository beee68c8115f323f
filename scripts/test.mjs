import { run } from './run.mjs';

const [major] = process.versions.node.split('.').map(Number);

await run({
  file: 'node_modules/jest/bin/jest.js',
  // Little in a test runs long enough to give back what optimizing it takes. Later versions know no such option.
  node: major < 22 ? ['--interrupt-budget=400000'] : [],
  rabbitmq: true,
  bundled: true,
  postgres: true,
});
