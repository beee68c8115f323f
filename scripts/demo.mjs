import { run } from './run.mjs';

await run({ file: 'build/examples/demo/main.js', rabbitmq: true });
