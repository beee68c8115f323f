import { textOf } from '../../bitrix24/json-values.js';
import { UnreadableAnswer, type PortalError } from '../../bitrix24/errors.js';
import { type IdRange, type IdRanges, idFilter } from '../reading/id-ranges.js';
import { type ListCommand, type ListOutcome, type ObjectFields } from '../reading/object-read.js';

/** Objects with ids above the page before and up to `upTo`: all of them that there are. */
export interface Page {
  readonly upTo: number;
  readonly items: readonly ListedObject[];
  /** When it was asked for, Unix ms. */
  readonly beganAt: number;
}

export interface ListedObject {
  readonly id: number;
  readonly fields: ObjectFields;
}

/** What is read: objects of one type, above `after` and up to `maxId`. */
export interface Window {
  readonly entityTypeId: number;
  readonly filter: Readonly<Record<string, string>>;
  readonly select: readonly string[];
  readonly after: number;
  readonly maxId: number;
}

type List = (commands: readonly ListCommand[]) => Promise<readonly ListOutcome[]>;

/** Pages asked for at once: a request of that many lists takes seconds, not minutes. */
const PAGES = 20;
/**
 * How often what came back full is gone on with before the next window. What is denser by far than expected is not read
 * to its end, and what was read behind it is read again: so a window never holds more than some thousand objects.
 */
const FOLLOWED = 3;

/**
 * Reads the next pages, in the order of ids, without a gap between them. Their ranges are closed and none depends on
 * another's answer.
 * @returns the pages, or why there is none
 */
export async function readWindow(
  list: List,
  window: Window,
  ranges: IdRanges,
): Promise<{ readonly pages: readonly Page[] } | { readonly failed: PortalError }> {
  const chosen = ranges
    .next(window.after, window.maxId, PAGES)
    .map((range): Stretch => ({ range, pages: [] }));
  let open = chosen;
  let failed: PortalError | null = null;
  for (let time = 0; time <= FOLLOWED && open.length > 0 && failed === null; time += 1) {
    const outcomes = await list(open.map(({ range }) => commandOf(window, range)));
    const unfinished: Stretch[] = [];
    open.forEach((stretch, index) => {
      const page = pageOf(stretch.range, outcomes[index]);
      if ('failed' in page) failed ??= page.failed;
      if ('failed' in page) return;
      const ids = page.items.map(({ id }) => id);
      const rest = ranges.rest(stretch.range, ids);
      stretch.pages.push(rest === null ? page : { ...page, upTo: rest.after });
      if (rest === null) stretch.isDone = true;
      else unfinished.push(Object.assign(stretch, { range: rest }));
    });
    open = unfinished;
  }
  const pages = unbroken(chosen);
  const last = pages.at(-1);
  if (last === undefined) return { failed: failed ?? new UnreadableAnswer('crm.item.list', 'no answer') };
  ranges.found(
    pages.reduce((sum, { items }) => sum + items.length, 0),
    last.upTo - window.after,
  );
  return { pages };
}

/** A range and what was read of it; `range` is what is left. */
interface Stretch {
  range: IdRange;
  readonly pages: Page[];
  isDone?: boolean;
}

/** The pages up to the first of which the rest is not known. */
function unbroken(stretches: readonly Stretch[]): Page[] {
  const pages: Page[] = [];
  for (const stretch of stretches) {
    pages.push(...stretch.pages);
    if (stretch.isDone !== true) break;
  }
  return pages;
}

function commandOf({ entityTypeId, filter, select }: Window, range: IdRange): ListCommand {
  return { entityTypeId, filter: { ...filter, ...idFilter(range) }, order: { id: 'ASC' }, select };
}

/** What a page holds, by ascending ids: whatever a portal answers, nothing of another range. */
function pageOf({ after, upTo }: IdRange, outcome: ListOutcome | undefined): Page | { failed: PortalError } {
  if (outcome === undefined) return { failed: new UnreadableAnswer('crm.item.list', 'no answer') };
  if ('failed' in outcome) return outcome;
  const items: ListedObject[] = [];
  for (const fields of outcome.items) {
    const id = Number(textOf(fields['id']));
    if (!Number.isSafeInteger(id) || id <= after || id > upTo)
      return {
        failed: new UnreadableAnswer('crm.item.list', 'an item outside of the range that was asked for'),
      };
    items.push({ id, fields });
  }
  return { upTo, items: items.sort((one, other) => one.id - other.id), beganAt: outcome.beganAt };
}
