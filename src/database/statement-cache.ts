import { type SqliteStatement } from 'kysely';
import { type SqliteFile } from './sqlite-driver.js';

/** A statement as the driver package gives it, beyond what Kysely asks of one. */
interface DriverStatement extends SqliteStatement {
  /** From here on its rows are lists of values. */
  raw(): this;
  /** Of the statement as it was run last. */
  columns(): readonly { readonly name: string }[];
}

/** A file as the driver package gives it. */
export interface DriverFile extends SqliteFile {
  prepare(text: string): DriverStatement;
}

/** The ledger asks some forty questions; what goes beyond that was asked once. */
const KEPT = 100;
/** A longer text was made for one list of values and will not come again. */
const LONGEST = 4000;

/**
 * A file whose statements stay prepared: reading the text and choosing indexes takes longer than most answers.
 * SQLite prepares a statement again by itself when the tables have changed.
 */
export class StatementCache implements SqliteFile {
  private readonly kept = new Map<string, SqliteStatement>();

  constructor(private readonly file: DriverFile) {}

  prepare(text: string): SqliteStatement {
    const known = this.kept.get(text);
    if (known !== undefined) {
      // The least recently asked stands first.
      this.kept.delete(text);
      this.kept.set(text, known);
      return known;
    }
    if (text.length > LONGEST) return this.file.prepare(text);
    const statement = new KeptStatement(this.file, text, () => this.kept.delete(text));
    this.kept.set(text, statement);
    const [oldest] = this.kept.keys();
    if (this.kept.size > KEPT && oldest !== undefined) this.kept.delete(oldest);
    return statement;
  }

  exec(statement: string): void {
    this.file.exec(statement);
  }

  close(): void {
    this.kept.clear();
    this.file.close();
  }
}

class KeptStatement implements SqliteStatement {
  readonly reader: boolean;
  private readonly statement: DriverStatement;
  private names: readonly string[] = [];

  constructor(
    private readonly file: DriverFile,
    private readonly text: string,
    private readonly forget: () => void,
  ) {
    this.statement = file.prepare(text);
    this.reader = this.statement.reader;
    if (this.reader) this.statement.raw();
  }

  /** Rows as objects. They are made here: the driver package takes longer for it. */
  all(parameters: readonly unknown[]): unknown[] {
    const rows = this.orForget(() => this.statement.all(parameters)) as unknown[][];
    const [first] = rows;
    if (first === undefined) return rows;
    // Asked again where a column has come: to ask takes longer than to read many a row.
    if (first.length !== this.names.length) this.names = this.statement.columns().map(({ name }) => name);
    const { names } = this;
    return rows.map((values) => {
      const row: Record<string, unknown> = {};
      for (let index = 0; index < names.length; index += 1) row[names[index] ?? ''] = values[index];
      return row;
    });
  }

  run(parameters: readonly unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint } {
    return this.orForget(() => this.statement.run(parameters));
  }

  /** Rows one by one: another caller may ask the same meanwhile, so this one is not shared. */
  iterate(parameters: readonly unknown[]): IterableIterator<unknown> {
    return this.file.prepare(this.text).iterate(parameters);
  }

  /** One that failed may be under way still: it is left to the garbage collector. */
  private orForget<T>(use: () => T): T {
    try {
      return use();
    } catch (error) {
      this.forget();
      throw error;
    }
  }
}
