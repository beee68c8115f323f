import { parseEventId } from '../../contract/event.js';
import { codesOfObject } from '../../contract/object-words.js';
import { topicOf } from '../../contract/topics.js';
import { fold } from '../../ledger/history/fold.js';
import { type Condition, FOUND_STATES, type FoundState } from '../../ledger/search/event-filter.js';
import { type Portal } from '../../portals/portal-record.js';

/** What a text is understood by. */
export interface Known {
  readonly portals: readonly Pick<Portal, 'memberId' | 'name' | 'domain'>[];
  /** Codes of events that there are. */
  readonly codes: readonly string[];
  /** Numbers of the reasons in which a text occurs. */
  reasonsWith(text: string): Promise<readonly number[]>;
  /** Rows of which events once had this process id. */
  rowsOfProcess(
    processId: string,
  ): Promise<readonly { readonly memberId: string; readonly rowId: string; readonly changedAt: number }[]>;
}

/** Less than this occurs in nearly every reason. */
const REASON_PART = 2;

/**
 * All that a text may mean: an object, an id, a process id, a code or a part of one, a portal, a state, a part of a
 * reason. Words that are a portal's name or address, a code or a state narrow what the rest of the text means. Empty where
 * nothing like it is known.
 */
export async function readText(text: string, known: Known): Promise<Condition[]> {
  const phrase = text.trim();
  if (phrase === '') return [];
  const meanings = await meaningsOf(phrase, known);
  const { narrowed, rest } = narrowing(phrase, known);
  if (narrowed === null || rest === '') return meanings;
  for (const meaning of await meaningsOf(rest, known)) {
    // What it says twice, it may mean twice: the words around it have the last word.
    meanings.push({ ...meaning, ...narrowed });
  }
  return meanings;
}

async function meaningsOf(phrase: string, known: Known): Promise<Condition[]> {
  const found: Condition[] = [];
  const folded = fold(phrase);
  const event = parseEventId(phrase);
  if (event !== null) {
    const { memberId, rowId, changedAt } = event;
    return [{ memberIds: [memberId], rowId, from: changedAt, to: changedAt }];
  }
  found.push(...objectsOf(phrase, known.codes));
  if (/^\d{1,15}$/.test(phrase)) found.push({ seq: Number(phrase) });
  if (!/\s/.test(phrase) && phrase.length >= 8) {
    found.push({ processId: phrase });
    for (const [memberId, changes] of byPortal(await known.rowsOfProcess(phrase)))
      found.push({ memberIds: [memberId], changes });
  }
  const codes = known.codes.filter((code) => [code, topicOf(code)].some((one) => fold(one).includes(folded)));
  if (codes.length > 0) found.push({ codes });
  const portals = known.portals.filter(
    ({ name, domain, memberId }) =>
      [name, domain].some((one) => fold(one).includes(folded)) || memberId === phrase,
  );
  if (portals.length > 0) found.push({ memberIds: portals.map(({ memberId }) => memberId) });
  const state = FOUND_STATES.find((one) => one === folded);
  if (state !== undefined) found.push({ states: [state] });
  if (folded.length >= REASON_PART) {
    const reasonNos = await known.reasonsWith(phrase);
    if (reasonNos.length > 0) found.push({ reasonNos });
  }
  return found;
}

function byPortal(
  rows: readonly { readonly memberId: string; readonly rowId: string; readonly changedAt: number }[],
): Map<string, { rowId: string; changedAt: number }[]> {
  const portals = new Map<string, { rowId: string; changedAt: number }[]>();
  for (const { memberId, ...change } of rows) {
    const known = portals.get(memberId);
    if (known === undefined) portals.set(memberId, [change]);
    else known.push(change);
  }
  return portals;
}

/** `crm.deal/123`, `deal 123`, `сделка №123`, `123`, `deals`. */
function objectsOf(phrase: string, codes: readonly string[]): Condition[] {
  const found: Condition[] = [];
  if (!/\s/.test(phrase)) found.push({ objectId: phrase });
  const [, word, id] = /^(.*?\p{L}.*?)(?:\s*[/#№:]\s*|\s+)([^\s/#№:]+)$/u.exec(phrase) ?? [];
  if (word !== undefined && id !== undefined) {
    const ofKind = codesOfObject(word, codes);
    if (ofKind.length > 0) found.push({ objectId: id, codes: ofKind });
  }
  const kind = codesOfObject(phrase, codes);
  if (kind.length > 0) found.push({ codes: kind });
  return found;
}

/** Words of a text that name one portal, one code or one state, and the rest of it. */
function narrowing(phrase: string, { portals, codes }: Known): { narrowed: Condition | null; rest: string } {
  const words = phrase.split(/\s+/);
  if (words.length === 1) return { narrowed: null, rest: phrase };
  const narrowed: { memberIds?: string[]; codes?: string[]; states?: FoundState[] } = {};
  const rest: string[] = [];
  for (const word of words) {
    const folded = fold(word);
    const portal = portals.find(({ name, domain }) => fold(name) === folded || fold(domain) === folded);
    const code = codes.find((one) => fold(one) === folded);
    const state = FOUND_STATES.find((one) => one === folded);
    if (portal !== undefined) narrowed.memberIds = [portal.memberId];
    else if (code !== undefined) narrowed.codes = [code];
    else if (state !== undefined) narrowed.states = [state];
    else rest.push(word);
  }
  return { narrowed: rest.length === words.length ? null : narrowed, rest: rest.join(' ') };
}
