import { type BatchCommand, encodeBatch, parseBatchAnswer } from '../../src/bitrix24/batch.js';
import { OutcomeUnknown, PortalThrottled } from '../../src/bitrix24/errors.js';
import { type BatchAnswer } from '../../src/bitrix24/portal-call.js';
import { type Oracle } from './oracle.js';
import { type PortalStandIn } from './portal-stand-in.js';

/**
 * What happens to a round:
 * - `lost`, `unsent`: its outcome is unknown; the portal did all of it, or nothing
 * - `refused`: the portal says that it did nothing
 * - `crash`, `ledger`: the portal did it; the bridge dies, or fails to write, before the ledger has the answer
 * - `late`: its outcome is unknown; the portal does some commands at once and the rest later, or never
 * - `fails`: one command fails, having done its work or not
 */
export type RoundFault =
  | 'none'
  | 'lost'
  | 'unsent'
  | 'refused'
  | 'crash'
  | 'ledger'
  | { readonly late: number }
  | { readonly fails: number; readonly done: boolean };

/**
 * How the portal treats marks: it makes them; it refuses them; its database fails and it makes none, or makes them
 * all the same; the whole request is lost with them.
 */
export type Marks = 'made' | 'refused' | 'failing' | 'failing_made' | 'lost';

type Text = readonly [name: string, command: string];

/** The portal cuts a request after this long, ms. */
const REQUEST_LIFETIME_MS = 60_000;

/** The line between the bridge and its portal, and all that can happen on it. */
export class PortalLine {
  fault: RoundFault = 'none';
  /** Source key of the round. */
  connector = '';
  marks: Marks = 'made';
  /** Happens before the portal does anything, and between its work and the bridge's hearing of it. */
  before: () => Promise<void> = () => Promise.resolve();
  meanwhile: () => Promise<void> = () => Promise.resolve();
  trace: (line: string) => void = () => undefined;
  /** Requests whose answers the bridge has given up, with what they have still to do. */
  private givenUp: { sentAt: number; answers: number; connector: string; commands: readonly Text[] }[] = [];
  /** Answers that reached the bridge. */
  private answers = 0;
  /** The bridge has died and not tried a round since. */
  private died = false;

  constructor(
    private readonly now: () => number,
    private readonly portal: PortalStandIn,
    private readonly oracle: Oracle,
    private readonly answered: (fault: RoundFault) => void,
  ) {}

  /** Sends a batch as the portal client does. */
  async batch(commands: readonly BatchCommand[]): Promise<BatchAnswer> {
    this.died = false;
    await this.before();
    const texts = Object.entries(encodeBatch(commands));
    if (this.fault === 'refused')
      throw new PortalThrottled({ method: 'batch', code: 'QUERY_LIMIT_EXCEEDED', status: 503 }, null);
    if (this.fault === 'unsent') throw lost();
    const { result, looks } = await this.work(commands, texts);
    if (this.marks === 'lost' && commands.some(({ method }) => method === 'event.offline.error')) {
      await this.meanwhile();
      throw lost();
    }
    await this.meanwhile();
    if (this.fault === 'lost' || 'late' in Object(this.fault)) throw lost();
    this.answers += 1;
    this.answered(this.fault);
    if (this.fault !== 'crash' && this.fault !== 'ledger')
      for (const [processId, at] of looks) this.oracle.looked(processId, at);
    const body: unknown = JSON.parse(JSON.stringify({ result }));
    return {
      results: parseBatchAnswer(body, commands),
      time: { start: this.now() / 1000, seconds: null, operating: null, operatingResetAt: null },
      times: new Map(),
    };
  }

  /** Requests that were given up do the rest of their work after all. */
  async lateWork(): Promise<void> {
    for (const { sentAt, connector, commands } of this.givenUp.splice(0)) {
      if (this.now() - sentAt >= REQUEST_LIFETIME_MS) continue;
      const { difference } = await this.portal.observe(() => this.portal.run(commands, connector));
      await this.oracle.byGivenUp(difference);
    }
  }

  /** The bridge died: only the request that it had not heard from may still be at work. */
  cut(): void {
    this.died = true;
    this.givenUp = this.givenUp.filter(({ answers }) => answers === this.answers);
  }

  /**
   * A reply came in. Where it is the first thing that a new process learns, nothing tells it that the row which the
   * reply speaks of may just be cleared by a request of the process before: such a request is taken to be over.
   */
  replied(): void {
    if (this.died) this.givenUp = [];
  }

  /** The portal's part: runs the commands, and notes which batches their answers show. */
  private async work(commands: readonly BatchCommand[], texts: readonly Text[]) {
    const { fault } = this;
    const late = typeof fault === 'object' && 'late' in fault ? fault.late % texts.length : null;
    const failing = typeof fault === 'object' && 'fails' in fault ? fault.fails % texts.length : null;
    const loses = this.marks === 'lost' && commands.some(({ method }) => method === 'event.offline.error');
    const told = (fault === 'none' || failing !== null) && !loses;
    const result: Record<string, unknown> = {};
    const errors: Record<string, unknown> = {};
    const totals: Record<string, unknown> = {};
    const looks = new Map<string, number>();
    for (const [index, text] of texts.entries()) {
      const [name, command] = text;
      this.oracle.asks(decodeURIComponent(command));
      if (late !== null && index >= late) {
        this.givenUp.push({
          sentAt: this.now(),
          answers: this.answers,
          connector: this.connector,
          commands: texts.slice(index),
        });
        break;
      }
      const { method, params } = commands[index] ?? {};
      const { marks } = this;
      const sick = method === 'event.offline.error' && marks !== 'made';
      const fails = index === failing || (sick && marks !== 'lost');
      if (fails) {
        errors[name] =
          sick && marks === 'refused'
            ? { error: 'ERROR_ARGUMENT', error_description: '' }
            : { error: 'ERROR_CORE', error_description: 'SQL query error!' };
      }
      if (sick && marks !== 'failing_made') continue;
      if (fails && typeof fault === 'object' && 'fails' in fault && !fault.done) continue;
      if (method === 'event.offline.error')
        this.oracle.marks(String(params?.['process_id']), params?.['message_id'] as string[]);
      const { value, difference } = await this.portal.observe(() => this.portal.run([text], this.connector));
      this.trace(
        `   ${decodeURIComponent(command)} -> ${JSON.stringify([value['result'], value['result_error']])}`,
      );
      this.oracle.byBridge(difference, told && !fails ? 'told' : 'lost');
      const results = value['result'] as Record<string, unknown>;
      if (fails) continue;
      Object.assign(errors, value['result_error']);
      Object.assign(totals, value['result_total']);
      if (!Object.hasOwn(results, name)) continue;
      result[name] = results[name];
      if (method !== 'event.offline.get') continue;
      const fresh = (results[name] as { process_id: unknown }).process_id;
      // A page of a batch does not show the rest of it.
      const { events } = results[name] as { events: unknown[] };
      if (
        params?.['filter'] !== undefined ||
        (params?.['process_id'] !== undefined && events.length >= Number(params['limit']))
      )
        continue;
      looks.set(String(params?.['process_id'] ?? fresh), this.oracle.moment);
    }
    return { result: { result, result_error: errors, result_total: totals }, looks };
  }
}

function lost(): OutcomeUnknown {
  return new OutcomeUnknown({ method: 'batch', code: 'ECONNRESET' });
}
