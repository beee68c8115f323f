import { run } from './run.mjs';

await run({
  file: 'node_modules/jest/bin/jest.js',
  rabbitmq: true,
  bundled: true,
  postgres: true,
});
