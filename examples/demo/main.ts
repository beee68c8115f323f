import { parseArgs } from 'node:util';
import { Demo } from './demo.js';
import { Screen } from './screen.js';
import { summarize } from './summary.js';

const HELP = `Two emulated portals whose objects keep changing, the bridge, and a consumer that fails 3 % of the events.
Events of deals carry the deal, a snapshot of all deals of one portal is taken, and changes without an event are found.
At the end what the portals, the consumer and the bridge have recorded is held against each other.

  --seconds <n>  how long objects change (30); draining takes some seconds more, and from 20 on it takes a minute more
                 until some changes are found that no event has told of
  --keep         go on after the summary until Ctrl-C, with events that fail and that you retry in the dashboard
`;

interface Options {
  readonly seconds: number;
  readonly keep: boolean;
}

/** @throws Error for an unusable option. @returns null when only help was asked for */
function readOptions(): Options | null {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '30' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const seconds = Number(values.seconds);
  if (!(seconds >= 1 && seconds <= 86_400)) throw new Error('--seconds takes a number from 1 to 86400');
  return { seconds, keep: values.keep };
}

/** @returns the exit code: 0 when the books balance */
async function run(demo: Demo, { seconds, keep }: Options, screen: Screen): Promise<number> {
  screen.say('Starting two portals, the bridge and a consumer …');
  await demo.start();
  screen.say(`\n${demo.addresses()}\n`);
  const start = performance.now();
  await demo.changing(
    start + seconds * 1000,
    () => `${Math.round((performance.now() - start) / 1000)} s of ${seconds} s`,
  );
  const { balance, run: facts } = await demo.drain(seconds);
  if (!keep) {
    const uncleanStop = await demo.stopBridge();
    const faults = uncleanStop === null ? balance.faults : [...balance.faults, uncleanStop];
    if (faults.length > 0) screen.say(lastOfLog(demo));
    screen.say(`\n${summarize({ ...balance, faults }, facts)}`);
    return faults.length === 0 ? 0 : 1;
  }
  if (balance.faults.length > 0) screen.say(lastOfLog(demo));
  screen.say(`\n${summarize(balance, facts)}\n`);
  await demo.handsOn().catch((error: unknown) => {
    if (!isInterrupt(error)) throw error;
  });
  return balance.faults.length === 0 ? 0 : 1;
}

/** The end of the bridge's log, for whoever wonders what went wrong; '' where it did not get that far. */
function lastOfLog(demo: Demo): string {
  const log = demo.logTail();
  return log === '' ? '' : `\nEnd of the bridge's log (all of it in ${demo.folder}):\n${log}`;
}

class Interrupted extends Error {
  constructor(readonly signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') {
    super(`interrupted by ${signal}`);
  }
}

const isInterrupt = (error: unknown): error is Interrupted => error instanceof Interrupted;

async function main(): Promise<number> {
  const options = readOptions();
  if (options === null) {
    console.log(HELP);
    return 0;
  }
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // A second Ctrl-C must not cut the clean-up short.
    process.on(signal, () => interrupted.abort(new Interrupted(signal)));
  }
  const screen = new Screen(process.stdout);
  const url = (process.env['RABBITMQ_URL'] ?? 'amqp://guest:guest@127.0.0.1:5672').split(',')[0] ?? '';
  const demo = new Demo(url, screen, interrupted.signal);
  let code = 1;
  try {
    code = await run(demo, options, screen);
  } catch (error) {
    if (isInterrupt(interrupted.signal.reason)) {
      screen.say('Interrupted.');
      code = 130;
    } else
      screen.say(
        `${lastOfLog(demo)}\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`,
      );
  }
  for (const line of await demo.remove(code === 1)) screen.say(`Not removed: ${line}`);
  return code;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
