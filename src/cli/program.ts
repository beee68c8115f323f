import { Command, InvalidArgumentError, Option } from 'commander';
import { type Settings } from '../config.js';
import { type CommandResult } from './command-result.js';
import { discardEvents } from './events/discard-events.js';
import { listEvents } from './events/list-events.js';
import { retryEvents } from './events/retry-events.js';
import { commaList, type EventOptions } from './events/select-events.js';
import { showEvent } from './events/show-event.js';
import { addPortal } from './portals/add-portal.js';
import { checkPortal } from './portals/check-portal.js';
import { listPortals } from './portals/list-portals.js';
import { removePortal } from './portals/remove-portal.js';
import { type Terminal } from './terminal.js';
import { type Workbench } from './workbench.js';

/** What the commands need of the process around them. */
export interface ProgramContext {
  /** @throws {SettingsError} */
  readonly settings: () => Settings;
  readonly terminal: Terminal;
  /** Called once by every command that was carried out. */
  readonly done: (result: CommandResult, asJson: boolean) => void;
}

const EXIT_CODES = `
Exit codes: 0 all is well; 1 something is wrong, or there was nothing to act on; 2 the command was called wrongly;
78 the settings are wrong. Settings are read from the environment and from .env in this folder, as the service does.`;

/** The commands, their options and their help. */
export function program({ settings, terminal, done }: ProgramContext): Command {
  const root = new Command('bitrix24-bridge')
    .description('Looks after the Bitrix24 offline bridge, beside the running service.')
    .addHelpText('after', EXIT_CODES)
    // Where nothing is said, a thrown error ends the process; here main decides the exit code.
    .exitOverride();

  /** A command that works with the database. */
  const atBench =
    <A extends unknown[]>(
      work: (bench: Workbench, ...args: A) => CommandResult | Promise<CommandResult>,
      options: { create?: boolean } = {},
    ) =>
    async (asJson: boolean, ...args: A): Promise<void> => {
      // What a command needs is loaded when it runs: help and mistakes are answered at once.
      const { Workbench } = await import('./workbench.js');
      const bench = await Workbench.open(settings(), options);
      try {
        done(await work(bench, ...args), asJson);
      } finally {
        await bench.close();
      }
    };

  const portals = root.command('portals').description('The portals that the application is installed on.');
  const list = atBench(listPortals);
  leaf(portals, 'list', 'List them with their states, as the database has them.').action(({ json }: Json) =>
    list(json === true),
  );
  const add = atBench((bench, domain: string, code?: string) => addPortal(bench, terminal, domain, code), {
    create: true,
  });
  leaf(portals, 'add', 'Install the application on a portal: prints a link, takes the code that it yields.')
    .argument('<domain>', "the portal's host, such as acme.bitrix24.com")
    .option('--code <code>', 'the code, where you have it already (it lives for 30 seconds)')
    .action((domain: string, { json, code }: Json & { code?: string }) => add(json === true, domain, code));
  const check = atBench(checkPortal);
  leaf(portals, 'check', 'Ask a portal for everything that draining it depends on. Changes nothing.')
    .argument('<portal>', 'name, domain or member id')
    .action((portal: string, { json }: Json) => check(json === true, portal));
  const remove = atBench((bench, portal: string, yes: boolean) => removePortal(bench, terminal, portal, yes));
  leaf(portals, 'remove', "Forget a portal's tokens and stop draining it. Its events stay in the ledger.")
    .argument('<portal>', 'name, domain or member id')
    .option('--yes', 'do not ask')
    .action((portal: string, { json, yes }: Json & { yes?: true }) =>
      remove(json === true, portal, yes === true),
    );

  const events = root.command('events').description('The events in the ledger.');
  const look = atBench(listEvents);
  filters(
    leaf(events, 'list', 'List events in trouble; --state orphan asks the portals for rows nobody knows of.'),
  )
    .option('--limit <number>', 'show at most so many', wholeNumber, 50)
    .addHelpText(
      'after',
      '\nStates: failed, marked, waiting, dead (these four by default), reserved, published, processed; or orphan.',
    )
    .action(({ json, ...options }: Json & EventOptions & { limit: number }) => look(json === true, options));
  const show = atBench(showEvent);
  leaf(events, 'show', 'Show everything about an event: its deliveries, its reason, its message.')
    .argument('<event>', 'event id, or the number (SEQ) of a delivery')
    .action((id: string, { json }: Json) => show(json === true, id));
  const retry = atBench(retryEvents);
  choice(leaf(events, 'retry', 'Deliver events again now. Dead ones get a new series of attempts.'))
    .addHelpText('after', '\nBy default events that are dead, waiting or marked; --state narrows that.')
    .action((ids: string[], { json, ...options }: Json & EventOptions) => retry(json === true, ids, options));
  const discard = atBench((bench, ids: string[], options: EventOptions & { yes?: boolean }) =>
    discardEvents(bench, terminal, ids, options),
  );
  choice(
    leaf(events, 'discard', 'Give events up for good. They leave the portal as if they had been processed.'),
  )
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      '\nWith a filter: events that are dead; --state dead,waiting takes those that still wait too.',
    )
    .action((ids: string[], { json, ...options }: Json & EventOptions & { yes?: boolean }) =>
      discard(json === true, ids, options),
    );

  const database = root.command('database').description('The database that the service works on.');
  leaf(database, 'copy', 'Move from SQLite to an empty PostgreSQL, with the service stopped.')
    .requiredOption(
      '--from <url>',
      'the SQLite database, file:<path>; renamed to <path>.moved when all is copied',
    )
    .option('--to <url>', 'the PostgreSQL database, postgres://… (default: DATABASE_URL of the settings)')
    .action(async ({ json, from, to }: Json & { from: string; to?: string }) => {
      const { moveDatabase } = await import('./database/copy-database.js');
      done(await moveDatabase(from, to ?? settings().DATABASE_URL), json === true);
    });

  leaf(
    root,
    'doctor',
    'Look at everything that the service stands on, and say what to do. Changes nothing.',
  ).action(async ({ json }: Json) => {
    const { doctor } = await import('./doctor.js');
    done(await doctor(settings()), json === true);
  });
  return root;
}

interface Json {
  readonly json?: true;
}

function leaf(parent: Command, name: string, description: string): Command {
  return parent.command(name).description(description).option('--json', 'print JSON').exitOverride();
}

function filters(command: Command): Command {
  return command
    .option('--state <states>', 'only events in these states, comma-separated', commaList)
    .option('--portal <portal>', 'only events of this portal (name, domain or member id)')
    .option('--event <codes>', 'only events of these codes, comma-separated', commaList);
}

function choice(command: Command): Command {
  return filters(command.argument('[events...]', 'event ids, or numbers (SEQ) of deliveries')).addOption(
    new Option('--all-portals', 'events of every portal').conflicts('portal'),
  );
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError('It must be a number from 1.');
  return number;
}
