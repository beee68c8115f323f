import { AUDIT_ACTIONS } from '../../audit/audit-log.js';
import { describeEntry } from '../../audit/described-entry.js';
import { readTime } from '../../audit/read-time.js';
import { type CommandContext } from '../command/command-context.js';
import { CommandFailed, type CommandResult } from '../command/command-result.js';
import { excerpt, shortTime, table } from '../command/table.js';

/** What `audit` was given. */
export interface AuditOptions {
  readonly portal?: string;
  readonly actor?: string;
  readonly action?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit: number;
}

/** Who did what, the latest first. */
export async function listAudit(context: CommandContext, options: AuditOptions): Promise<CommandResult> {
  const { portal, actor, action, limit } = options;
  if (action !== undefined && !AUDIT_ACTIONS.some((known) => known === action)) {
    throw new CommandFailed(`--action takes one of: ${AUDIT_ACTIONS.join(', ')}`, 2);
  }
  const filter = {
    memberId: portal === undefined ? undefined : context.portal(portal).memberId,
    actor,
    action,
    from: timeOf('--from', options.from),
    to: timeOf('--to', options.to),
  };
  const found = await context.audited(filter, limit + 1);
  const entries = found.slice(0, limit);
  const rows = entries.map((entry) => [
    shortTime(entry.at),
    entry.actor_name ?? entry.actor_kind,
    entry.actor_kind,
    entry.action,
    entry.portal,
    entry.count,
    excerpt(entry.detail === null ? entry.target : `${entry.target} (${entry.detail})`, 80),
  ]);
  const more = found.length > limit ? '\nthere are more; --limit shows them' : '';
  return {
    exitCode: 0,
    json: { entries: entries.map(describeEntry), more: found.length > limit },
    text:
      rows.length === 0
        ? 'nothing of that was done'
        : table(['TIME', 'WHO', 'BY', 'ACTION', 'PORTAL', 'COUNT', 'WHAT'], rows) + more,
  };
}

function timeOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const at = readTime(text);
  if (at === null)
    throw new CommandFailed(`${option} takes a day or a time (2026-11-29, "2026-11-29 14:00"; UTC)`, 2);
  return at;
}
