import { type IncomingMessage } from 'node:http';
import { type Session } from './sessions.js';

/** What the dashboard needs of Express' request. */
export interface DashboardRequest extends IncomingMessage {
  /** Came by https, as far as trusted proxies say. */
  readonly secure: boolean;
  readonly originalUrl: string;
  readonly app: { get(name: string): unknown };
  /** Fields of a form; {@link formBody} reads them. */
  body?: unknown;
  /** Set by the {@link SessionGuard}. */
  session?: Session;
}

/** Fields of a form; a name that comes twice has a list. */
export type Fields = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The fields of a form or of a query. */
export function fieldsOf(source: unknown): Fields {
  return typeof source === 'object' && source !== null ? (source as Fields) : {};
}

/** The last value of a field, trimmed; '' where it is missing. */
export function textField(fields: Fields, name: string): string {
  const value = fields[name];
  const text = Array.isArray(value) ? (value as readonly string[]).at(-1) : value;
  return typeof text === 'string' ? text.trim() : '';
}

/** Every value of a field. */
export function listField(fields: Fields, name: string): readonly string[] {
  const value = fields[name];
  if (Array.isArray(value)) return value.filter((item): item is string => typeof item === 'string');
  return typeof value === 'string' ? [value] : [];
}

/** A whole number from 0; null for anything else. */
export function numberField(fields: Fields, name: string): number | null {
  const text = textField(fields, name);
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}
