import { describe, expect, it } from '@jest/globals';
import { CONNECT_ATTEMPT_MS } from '../src/timing/connect-attempt.js';
import { ProgramRun } from './support/program-run.js';
import { program } from './support/programs.js';

/** Has a program say at its end what holds for every connection that is not told otherwise: to RabbitMQ, to PostgreSQL. */
const TELL = `data:text/javascript,${encodeURIComponent(
  `import net from 'node:net';
   process.once('exit', () => console.error('an address has', net.getDefaultAutoSelectFamilyAttemptTimeout()));`,
)}`;

describe('of several addresses of a server', () => {
  it.each(['main.js', 'cli/main.js'] as const)('each is given time by %s', async (name) => {
    const run = new ProgramRun(program(name), [], {
      env: { NODE_OPTIONS: `--import ${TELL}` },
      limitMs: 30_000,
    });
    await run.exit;
    expect(run.output).toContain(`an address has ${CONNECT_ATTEMPT_MS}\n`);
  });
});
