import { type DashboardRequest } from './dashboard-request.js';

/** A list whose rows stay where they are, because somebody works with it. */
export interface HeldRows {
  /** What the list said of itself when it was drawn: where its newest row was. */
  readonly mark: string;
  /** What its rows are called, in their order. */
  readonly keys: readonly string[];
}

const HEADER = 'x-live-rows';
/** More rows are on no page. */
const MOST = 200;

/** The rows that the page's script asks to keep of a list; null where it asks for none. */
export function heldRows(request: DashboardRequest, list: string): HeldRows | null {
  const header = request.headers[HEADER];
  if (typeof header !== 'string') return null;
  const part = header.split(';').find((one) => one.startsWith(`${list}=`));
  if (part === undefined) return null;
  const [mark = '', keys = ''] = part.slice(list.length + 1).split(':');
  return {
    mark,
    keys: keys
      .split(',')
      .filter((key) => key !== '')
      .slice(0, MOST),
  };
}
