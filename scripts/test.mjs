import { run } from './run.mjs';

await run({
  file: 'node_modules/jest/bin/jest.js',
  // The command line's bundle, in the tests' processes.
  nodeArgs: ['--disable-warning=ExperimentalWarning'],
  rabbitmq: true,
  bundled: true,
  postgres: true,
});
