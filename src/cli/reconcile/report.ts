import { eventIdOf, type TypeReport } from '../../state/reconcile/reconcile-report.js';
import { CAUSE_TEXTS } from '../../state/reconcile/cause-texts.js';
import { type MissedChange } from '../../state/reconcile/memory/read-missed.js';
import { type Language } from '../../i18n/language.js';
import { type Portal } from '../../portals/portal-record.js';
import { type CommandContext, wordsFor } from '../command/command-context.js';
import { CommandFailed, type CommandResult } from '../command/command-result.js';
import { isoTime, shortTime, table } from '../command/table.js';

/** What was missed, and how far reconciling is: of one portal, or of all. */
export async function reportMissed(
  context: CommandContext,
  word: string | undefined,
  limit: number,
): Promise<CommandResult> {
  const portals = word === undefined ? context.registry.list() : [context.portal(word)];
  const { reconciling: report } = context;
  const types: { portal: Portal; reports: TypeReport[] }[] = [];
  for (const portal of portals) types.push({ portal, reports: await report.types(portal.memberId) });
  const memberId = word === undefined ? undefined : portals[0]?.memberId;
  const found = await report.missed({ memberId }, limit + 1);
  const missed = found.slice(0, limit);
  const nameOf = (one: MissedChange) => context.registry.nameOf(one.member_id);
  return {
    exitCode: 0,
    json: {
      portals: types.map(({ portal, reports }) => ({
        portal: portal.name,
        memberId: portal.memberId,
        types: reports.map(describeType),
      })),
      missed: missed.map((one) => describeMissed(one, nameOf(one))),
      more: found.length > limit,
    },
    text: (language) => {
      const parts = [typesTable(types), missedTable(missed, nameOf, language)];
      if (found.length > limit) parts.push('there are more; --limit shows them');
      return parts.join('\n\n');
    },
  };
}

/** Has everything compared now. */
export async function reconcileNow(
  context: CommandContext,
  word: string | undefined,
): Promise<CommandResult> {
  if ((context.settings.RECONCILE ?? []).length === 0) {
    throw new CommandFailed('nothing is reconciled: RECONCILE names no kind of objects');
  }
  const portals = word === undefined ? context.registry.list() : [context.portal(word)];
  const alive = portals.filter(({ state }) => state !== 'uninstalled' && state !== 'not_allowed');
  if (alive.length === 0) throw new CommandFailed('there is no installed portal to reconcile');
  await context.reconciling.askNow(alive.map(({ memberId }) => memberId));
  for (const portal of alive) await context.record('reconcile_asked', portal);
  return {
    exitCode: 0,
    json: { asked: alive.map(({ name }) => name) },
    text: `the running service begins within seconds: ${alive.map(wordsFor).join(', ')}\nwhat is found: bitrix24-bridge reconcile report`,
  };
}

function describeType({ learnedAt, lookedAt, sweptAt, ...rest }: TypeReport) {
  return { ...rest, learnedAt: isoTime(learnedAt), lookedAt: isoTime(lookedAt), sweptAt: isoTime(sweptAt) };
}

function describeMissed(one: MissedChange, portal: string) {
  return {
    eventId: eventIdOf(one),
    portal,
    subject: `${one.type}/${one.object_id}`,
    change: one.change,
    changedAt: isoTime(one.changed_at * 1000),
    foundAt: isoTime(one.found_at),
    cause: one.cause,
  };
}

function typesTable(types: readonly { portal: Portal; reports: readonly TypeReport[] }[]): string {
  const rows = types.flatMap(({ portal, reports }) =>
    reports.map((one) => [
      portal.name,
      one.type,
      one.objects,
      one.learnedAt === null ? 'learning' : shortTime(one.lookedAt),
      one.sweep === null ? shortTime(one.sweptAt) : `${Math.floor(one.sweep * 100)} %`,
      one.suspects,
      one.missed.add + one.missed.update + one.missed.delete,
      one.trouble,
    ]),
  );
  if (rows.length === 0) return 'nothing is reconciled: see RECONCILE in the settings';
  return table(['PORTAL', 'TYPE', 'OBJECTS', 'LOOKED', 'SWEPT', 'PENDING', 'MISSED', 'TROUBLE'], rows);
}

function missedTable(
  missed: readonly MissedChange[],
  nameOf: (one: MissedChange) => string,
  language: Language,
): string {
  if (missed.length === 0) return 'no change was missed';
  const rows = missed.map((one) => [
    shortTime(one.found_at),
    shortTime(one.changed_at * 1000),
    nameOf(one),
    `${one.type}/${one.object_id}`,
    one.change,
    CAUSE_TEXTS[one.cause].in(language),
  ]);
  return table(['FOUND', 'CHANGED', 'PORTAL', 'OBJECT', 'CHANGE', 'WHY, LIKELY'], rows);
}
