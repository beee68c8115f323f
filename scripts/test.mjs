import { run } from './run.mjs';

await run({
  file: 'node_modules/jest/bin/jest.js',
  nodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  rabbitmq: true,
  bundled: true,
  postgres: true,
});
