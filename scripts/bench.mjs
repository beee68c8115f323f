import { run } from './run.mjs';

// PostgreSQL is for some scenarios alone.
const only = /--only[= ](\S+)/.exec(process.argv.slice(2).join(' '))?.[1];
const postgres =
  only === undefined || ['replicas', 'history', 'registry'].some((name) => only.split(',').includes(name));

await run({ file: 'build/bench/main.js', rabbitmq: true, postgres });
