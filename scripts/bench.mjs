import { run } from './run.mjs';

// PostgreSQL is for the scenario of replicas alone.
const only = /--only[= ](\S+)/.exec(process.argv.slice(2).join(' '))?.[1];
const postgres = only === undefined || only.split(',').includes('replicas');

await run({ file: 'build/bench/main.js', rabbitmq: true, postgres });
