import { run } from './run.mjs';

await run({ file: 'build/bench/main.js', rabbitmq: true });
