import { type ServerResponse } from 'node:http';

/** Browsers take an answer for what it says it is, and for nothing else that it might be read as. */
export const NO_SNIFFING = ['X-Content-Type-Options', 'nosniff'] as const;

/** Middleware: {@link NO_SNIFFING} on every answer. */
export function noSniffing(_request: unknown, response: ServerResponse, next: () => void): void {
  response.setHeader(...NO_SNIFFING);
  next();
}
