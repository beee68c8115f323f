import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import amqp from 'amqplib';
import { writeDocs } from './docs.js';
import { scenarios } from './registry.js';
import { asText, describeMachine, holds, type Report } from './report.js';
import { runScenario, type ScenarioReport } from './runner.js';
import { RABBITMQ_URL } from './support/broker.js';
import { Cleanup } from './support/cleanup.js';

const HELP = `Measures the built service against emulated portals and a real RabbitMQ.

  --only <a,b>    scenarios to run (${scenarios.map(({ name }) => name).join(', ')})
  --quick         smaller amounts, one run: shows that everything works
  --runs <n>      runs of each scenario, of which the medians are reported (3; with --quick 1)
  --portals <n>   portals of the scenarios pipe (200) and replies (20)
  --minutes <n>   ordinary traffic of the scenario reconcile before anything is missed (1.5)
  --profile       where the service's time goes, in the scenarios pipe, replies, state and idle; it costs speed
  --docs          writes the report to docs/bench too: report.txt, report.json, report.svg; scenarios that were not
                  measured are kept from the one that is there
  --from <file>   measures nothing: takes a report from JSON, prints it, and with --docs draws it
  --json <file>   where the report goes as JSON (build/bench/report.json)

Exit code 0 when every check held, 1 when one failed.
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    runs: { type: 'string' },
    portals: { type: 'string' },
    minutes: { type: 'string' },
    profile: { type: 'boolean', default: false },
    from: { type: 'string' },
    docs: { type: 'boolean', default: false },
    json: { type: 'string', default: join(import.meta.dirname, 'report.json') },
    help: { type: 'boolean', default: false },
  },
});

/** build/bench → docs/bench. */
const DOCS = join(import.meta.dirname, '../../docs/bench');

const cleanup = new Cleanup();
const CLEANUP_WITHIN_MS = 8000;
let interrupted = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    const code = 128 + constants.signals[signal];
    // A second one means "at once": processes and folders go even so, names on the broker stay.
    if (interrupted) process.exit(code);
    interrupted = true;
    console.error('stopping …');
    setTimeout(() => process.exit(code), CLEANUP_WITHIN_MS);
    void cleanup.run().then(() => process.exit(code));
  });
}

/** The command line asks for something that there is not. */
class UsageError extends Error {}

/** @throws UsageError for anything but a whole number above 0 */
function wholeNumber(option: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new UsageError(`--${option} must be a whole number above 0`);
  return Number(text);
}

async function rabbitmqVersion(): Promise<string> {
  const connection = await amqp.connect(RABBITMQ_URL);
  const { version } = connection.connection.serverProperties;
  await connection.close();
  return version;
}

async function measure(): Promise<Report> {
  const wanted = values.only?.split(',').map((name) => name.trim());
  const unknown = wanted?.filter((name) => !scenarios.some((scenario) => scenario.name === name)) ?? [];
  if (unknown.length > 0) throw new UsageError(`There is no scenario ${unknown.join(', ')}.\n\n${HELP}`);
  const { quick, profile } = values;
  const runs = wholeNumber('runs', values.runs ?? (quick ? '1' : '3'));
  const portals = values.portals === undefined ? null : wholeNumber('portals', values.portals);
  const minutes = values.minutes === undefined ? null : wholeNumber('minutes', values.minutes);
  const options = { quick, profile, portals, minutes };

  const started = Date.now();
  const machine = describeMachine(await rabbitmqVersion());
  const reports: ScenarioReport[] = [];
  for (const scenario of scenarios) {
    if (wanted !== undefined && !wanted.includes(scenario.name)) continue;
    reports.push(await runScenario(scenario, runs, options, cleanup, (line) => console.error(line)));
  }
  return {
    startedAt: new Date(started).toISOString(),
    seconds: (Date.now() - started) / 1000,
    quick,
    runs,
    machine,
    scenarios: reports,
  };
}

async function main(): Promise<number> {
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const report =
    values.from === undefined ? await measure() : (JSON.parse(readFileSync(values.from, 'utf8')) as Report);
  console.log(`\n${asText(report)}`);
  if (values.from === undefined) {
    const file = resolve(values.json);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
    console.log(`As JSON: ${relative(process.cwd(), file)}`);
  }
  if (values.docs) {
    writeDocs(report, DOCS);
    console.log(`For people: ${relative(process.cwd(), DOCS)}`);
  }
  return holds(report) ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!interrupted) {
    if (error instanceof UsageError) console.error(error.message);
    else console.error(error instanceof Error ? (error.stack ?? error.message) : error);
    process.exitCode = 1;
  }
} finally {
  await cleanup.run();
}
