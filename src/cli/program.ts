import { Command, InvalidArgumentError, Option } from 'commander';
import { type Settings } from '../config/settings.js';
import { LANGUAGES } from '../i18n/language.js';
import { printable } from '../logging/printable.js';
import { type CommandResult } from './command/command-result.js';
import { packageVersion } from './command/package-version.js';
import { type AuditOptions, listAudit } from './audit/list-audit.js';
import { discardEvents } from './events/discard-events.js';
import { FOUND_STATES } from '../ledger/search/event-filter.js';
import { findEvents, type FindOptions } from './events/find-events.js';
import { listEvents } from './events/list-events.js';
import { retryEvents } from './events/retry-events.js';
import { commaList, type EventOptions } from './events/select-events.js';
import { showEvent } from './events/show-event.js';
import { type Steering } from '../ledger/snapshots/steer-snapshot.js';
import { type StartOptions } from './snapshot/start-snapshot.js';
import { addPortal } from './portals/add-portal.js';
import { checkPortal } from './portals/check-portal.js';
import { listPortals } from './portals/list-portals.js';
import { pausePortal } from './portals/pause-portal.js';
import { removePortal } from './portals/remove-portal.js';
import { renamePortal } from './portals/rename-portal.js';
import { resumePortal } from './portals/resume-portal.js';
import { reconcileNow, reportMissed } from './reconcile/report.js';
import { type Terminal } from './command/terminal.js';
import { type CommandContext } from './command/command-context.js';

/** What the commands need of the process around them. */
interface ProgramContext {
  /** The settings, and remarks on what in them may not be meant so. @throws {SettingsError} */
  readonly read: () => { readonly settings: Settings; readonly remarks: readonly string[] };
  readonly terminal: Terminal;
  /** Takes help. */
  readonly out: (text: string) => void;
  /** Takes usage errors. */
  readonly err: (text: string) => void;
  /** Called once by every command that was carried out. */
  readonly done: (result: CommandResult, asJson: boolean) => void;
}

const EXIT_CODES = `
Exit codes: 0 all is well; 1 something is wrong, or there was nothing to act on; 2 the command was called wrongly;
78 the settings are wrong. Settings are read from the environment and from .env in this folder, as the service does.`;

/** The commands, their options and their help. */
export function program({ read, terminal, out, err, done }: ProgramContext): Command {
  const settings = (): Settings => {
    const { settings, remarks } = read();
    for (const remark of remarks) terminal.say(`Settings: ${remark}`);
    return settings;
  };
  const root = new Command('bitrix24-bridge')
    .description('Looks after the Bitrix24 offline bridge, beside the running service.')
    .version(packageVersion(), '--version', 'print the version')
    .addHelpText('after', EXIT_CODES)
    // Errors repeat words of the command line, which may hold control characters.
    .configureOutput({
      writeOut: (text) => out(printable(text)),
      writeErr: (text) => err(printable(text)),
    })
    // Otherwise commander ends the process by itself; runCommandLine decides the exit code.
    .exitOverride();

  /** A command that works with the database. */
  const withDatabase =
    <A extends unknown[]>(
      work: (context: CommandContext, ...args: A) => CommandResult | Promise<CommandResult>,
      options: { create?: boolean } = {},
    ) =>
    async (asJson: boolean, ...args: A): Promise<void> => {
      // Loaded only when a command runs: help and usage errors are answered at once.
      const { CommandContext } = await import('./command/command-context.js');
      const context = await CommandContext.open(settings(), options);
      try {
        done(await work(context, ...args), asJson);
      } finally {
        await context.close();
      }
    };

  const portals = root.command('portals').description('The portals that the application is installed on.');
  const list = withDatabase(listPortals);
  leaf(portals, 'list', 'List them with their states, as the database has them.').action(({ json }: Json) =>
    list(json === true),
  );
  const add = withDatabase(
    (context, domain: string, code?: string) => addPortal(context, terminal, domain, code),
    {
      create: true,
    },
  );
  leaf(portals, 'add', 'Install the application on a portal: prints a link, takes the code that it yields.')
    .argument('<domain>', "the portal's host, such as acme.bitrix24.com")
    .option('--code <code>', 'the code, where you have it already (it lives for 30 seconds)')
    .action((domain: string, { json, code }: Json & { code?: string }) => add(json === true, domain, code));
  const check = withDatabase(checkPortal);
  leaf(portals, 'check', 'Ask a portal for everything that draining it depends on. Changes nothing.')
    .argument('<portal>', 'name, domain or member id')
    .action((portal: string, { json }: Json) => check(json === true, portal));
  const remove = withDatabase((context, portal: string, yes: boolean) =>
    removePortal(context, terminal, portal, yes),
  );
  leaf(portals, 'remove', "Forget a portal's tokens and stop draining it. Its events stay in the ledger.")
    .argument('<portal>', 'name, domain or member id')
    .option('--yes', 'do not ask')
    .action((portal: string, { json, yes }: Json & { yes?: true }) =>
      remove(json === true, portal, yes === true),
    );

  const rename = withDatabase((context, portal: string, name: string, yes: boolean) =>
    renamePortal(context, terminal, portal, name, yes),
  );
  leaf(portals, 'rename', 'Give a portal another name: the first word of the routing keys of its events.')
    .argument('<portal>', 'name, domain or member id')
    .argument('<name>', 'its new name')
    .option('--yes', 'do not ask')
    .action((portal: string, name: string, { json, yes }: Json & { yes?: true }) =>
      rename(json === true, portal, name, yes === true),
    );

  const pause = withDatabase(pausePortal);
  leaf(portals, 'pause', 'Reserve nothing new of a portal until it is resumed; what is in hand is finished.')
    .argument('<portal>', 'name, domain or member id')
    .option('--reason <text>', 'why, for those who find it paused')
    .action((portal: string, { json, reason }: Json & { reason?: string }) =>
      pause(json === true, portal, reason ?? null),
    );
  const resume = withDatabase(resumePortal);
  leaf(portals, 'resume', 'End a pause, and have a portal that is stopped asked again at once.')
    .argument('<portal>', 'name, domain or member id')
    .action((portal: string, { json }: Json) => resume(json === true, portal));

  const events = root.command('events').description('The events in the ledger.');
  const look = withDatabase(listEvents);
  filters(
    leaf(
      events,
      'list',
      'List events in trouble; --state orphan asks the portals for rows that the ledger does not know.',
    ),
  )
    .option('--limit <number>', 'show at most so many', wholeNumber, 50)
    .addHelpText(
      'after',
      '\nStates: failed, marked, waiting, dead (these four by default), reserved, published, processed; or orphan.',
    )
    .action(({ json, ...options }: Json & EventOptions & { limit: number }) => look(json === true, options));
  const find = withDatabase(findEvents);
  filters(
    leaf(events, 'find', 'Find events that are under way, in trouble or over: "deal 123", an id, a reason, …')
      .argument('[text]', 'an object, an id, a process id, a code, a portal, a state, or a part of a reason')
      .option('--from <time>', 'changed at this day or time or later, UTC (2026-11-29, "2026-11-29 14:00")')
      .option('--to <time>', 'changed until this day or time, UTC'),
  )
    .option('--limit <number>', 'show at most so many', wholeNumber, 50)
    .addHelpText('after', `\nStates: ${FOUND_STATES.join(', ')}.`)
    .action((text: string | undefined, { json, ...options }: Json & FindOptions) =>
      find(json === true, text, options),
    );
  const show = withDatabase(showEvent);
  leaf(events, 'show', 'Show everything about an event: its deliveries, its reason, its message.')
    .argument('<event>', 'event id, or the number (SEQ) of a delivery')
    .action((id: string, { json }: Json) => show(json === true, id));
  const retry = withDatabase(retryEvents);
  choice(leaf(events, 'retry', 'Deliver events again now. Dead ones get a new series of attempts.'))
    .addHelpText('after', '\nBy default events that are dead, waiting or marked; --state narrows that.')
    .action((ids: string[], { json, ...options }: Json & EventOptions) => retry(json === true, ids, options));
  const discard = withDatabase((context, ids: string[], options: EventOptions & { yes?: boolean }) =>
    discardEvents(context, terminal, ids, options),
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

  const reconcile = root
    .command('reconcile')
    .description('Changes on portals that no event has announced; see RECONCILE in the settings.');
  const reportOf = withDatabase(reportMissed);
  leaf(reconcile, 'report', 'Show what was missed, and how far everything is compared. The latest first.')
    .argument('[portal]', 'name, domain or member id; all of them by default')
    .option('--limit <number>', 'show at most so many', wholeNumber, 50)
    .action((portal: string | undefined, { json, limit }: Json & { limit: number }) =>
      reportOf(json === true, portal, limit),
    );
  const now = withDatabase(reconcileNow);
  leaf(reconcile, 'now', 'Have the running service compare everything now, instead of at its time.')
    .argument('[portal]', 'name, domain or member id; all of them by default')
    .action((portal: string | undefined, { json }: Json) => now(json === true, portal));

  const snapshot = root.command('snapshot').description('All that a portal has of some types, as events.');
  const startOf = withDatabase(async (context, portal: string, options: StartOptions) => {
    const { startSnapshot } = await import('./snapshot/start-snapshot.js');
    return startSnapshot(context, portal, options);
  });
  leaf(snapshot, 'start', 'Read all objects of some types, and publish each as an event.')
    .argument('<portal>', 'name, domain or member id')
    .requiredOption(
      '--types <types>',
      'crm.deal, crm.contact, crm.dynamic-item-134, …, comma-separated',
      commaList,
    )
    .option(
      '--filter <condition>',
      'only objects that are so: stageId=WON, opportunity>=100 (may be given again)',
      (condition: string, before: readonly string[] = []) => [...before, condition],
    )
    .option('--keys <routing key>', 'this routing key in place of <portal>.<object>.snapshot')
    .action((portal: string, { json, ...options }: Json & StartOptions) =>
      startOf(json === true, portal, options),
    );
  const status = withDatabase(async (context, portal: string | undefined) => {
    const { snapshotStatus } = await import('./snapshot/snapshot-status.js');
    return snapshotStatus(context, portal);
  });
  leaf(snapshot, 'status', 'Show how far snapshots are, the latest first.')
    .argument('[portal]', 'name, domain or member id')
    .action((portal: string | undefined, { json }: Json) => status(json === true, portal));
  const steered = withDatabase(async (context, portal: string, steering: Steering) => {
    const { steerSnapshot } = await import('./snapshot/steer-snapshot.js');
    return steerSnapshot(context, portal, steering);
  });
  for (const [steering, description] of [
    ['pause', 'Read nothing more until it is resumed; what is read is published.'],
    ['resume', 'Go on where it was paused, or has failed.'],
    ['cancel', 'End it for good; what is read is published.'],
  ] as const) {
    leaf(snapshot, steering, description)
      .argument('<portal>', 'name, domain or member id')
      .action((portal: string, { json }: Json) => steered(json === true, portal, steering));
  }

  const audit = withDatabase(listAudit);
  leaf(
    root,
    'audit',
    'Show who did what: retries, discards, installations, names, log-ins. The latest first.',
  )
    .option('--portal <portal>', 'only what was done to this portal (name, domain or member id)')
    .option('--actor <name>', 'only what this user, token or way in did (alice, dashboard, cli)')
    .option('--action <action>', 'only this: retried, discarded, paused, resumed, installed, renamed, …')
    .option('--from <time>', 'not before this day or time, UTC (2026-11-29, "2026-11-29 14:00")')
    .option('--to <time>', 'before this day or time, UTC')
    .option('--limit <number>', 'show at most so many', wholeNumber, 50)
    .action(({ json, ...options }: Json & AuditOptions) => audit(json === true, options));

  const broker = root.command('broker').description('What the service stands on at RabbitMQ.');
  const takePrefix = withDatabase(async (context, yes: boolean) => {
    const { takeOver } = await import('./broker/take-over.js');
    return takeOver(context, terminal, yes);
  });
  leaf(broker, 'take-over', "Make the prefix this database's, after the bridge that it belongs to is gone.")
    .option('--yes', 'do not ask')
    .action(({ json, yes }: Json & { yes?: true }) => takePrefix(json === true, yes === true));

  const queues = root.command('queues').description('Events on RabbitMQ that no consumer has processed.');
  const lookInto = withDatabase(async (context, queue: string) => {
    const { lookIntoQueue } = await import('./queues/republish.js');
    return lookIntoQueue(context, queue);
  });
  leaf(queues, 'look', 'Count what lies in a queue by routing key; everything stays in its place.')
    .argument('<queue>', 'unrouted or dead')
    .action((queue: string, { json }: Json) => lookInto(json === true, queue));
  const republish = withDatabase(async (context, queue: string, options: { key?: string; count: number }) => {
    const { republishQueue } = await import('./queues/republish.js');
    return republishQueue(context, queue, options);
  });
  leaf(queues, 'republish', 'Deliver events again that lie in a queue, oldest first.')
    .argument('<queue>', 'unrouted or dead')
    .option('--key <routing key>', 'only events of this routing key')
    .requiredOption('--count <number>', 'at most so many', wholeNumber)
    .action((queue: string, { json, ...options }: Json & { key?: string; count: number }) =>
      republish(json === true, queue, options),
    );

  const database = root.command('database').description('The database that the service works on.');
  leaf(
    database,
    'backup',
    'Copy a SQLite database to a new file, while the service runs; the copy is checked.',
  )
    .argument('<file>', 'where the copy goes; nothing may be there yet')
    .action(async (file: string, { json }: Json) => {
      const { backupDatabase } = await import('./database/backup-database.js');
      done(await backupDatabase(settings().DATABASE_URL, file), json === true);
    });
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
    const { doctor } = await import('./doctor/doctor.js');
    const { settings, remarks } = read();
    done(await doctor(settings, remarks), json === true);
  });
  return root;
}

interface Json {
  readonly json?: true;
}

function leaf(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .option('--json', 'print JSON')
    .addOption(
      new Option(
        '--lang <language>',
        'language of what was found (default: as LC_ALL, LC_MESSAGES or LANG say)',
      ).choices([...LANGUAGES]),
    )
    .exitOverride();
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
