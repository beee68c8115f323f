/** Rows in one statement: while SQLite runs it, the process does nothing else. */
const ROWS = 500;
/** Characters of event data in one statement. */
const CHARACTERS = 256 * 1024;

/** Rows in parts that are each written by one statement. Each is made when it is asked for. */
export function* rowParts<Row extends { readonly payload: string }>(
  rows: Iterable<Row>,
): Generator<readonly Row[]> {
  let part: Row[] = [];
  let characters = 0;
  for (const row of rows) {
    if (part.length === ROWS || (part.length > 0 && characters + row.payload.length > CHARACTERS)) {
      yield part;
      part = [];
      characters = 0;
    }
    part.push(row);
    characters += row.payload.length;
  }
  if (part.length > 0) yield part;
}

/** The same as an array's `map`, one by one. */
export function* mapped<From, To>(items: Iterable<From>, make: (item: From) => To): Generator<To> {
  for (const item of items) yield make(item);
}
