import { type ServerResponse } from 'node:http';
import bodyParser from 'body-parser';
import { NO_SNIFFING } from '../../http/no-sniffing.js';
import { type DashboardRequest } from '../session/dashboard-request.js';

type Next = (error?: unknown) => void;

/** A page of selected events has some kilobytes. */
const MAX_FORM_BYTES = 64 * 1024;

// Nothing but our own files, and no script or style inside a page: what an event says stays text.
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Middleware: what browsers are to refuse, on every answer of the dashboard. */
export function pageHeaders(_request: unknown, response: ServerResponse, next: Next): void {
  response.setHeader('Content-Security-Policy', CONTENT_SECURITY_POLICY);
  response.setHeader(...NO_SNIFFING);
  response.setHeader('X-Frame-Options', 'DENY');
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  response.setHeader('Cache-Control', 'no-store');
  next();
}

/** Middleware: reads the fields of a form into the request's body; 413 for more than {@link MAX_FORM_BYTES}. */
export const formBody = bodyParser.urlencoded({
  extended: false,
  limit: MAX_FORM_BYTES,
  parameterLimit: 1000,
  inflate: false,
}) as unknown as (request: DashboardRequest, response: ServerResponse, next: Next) => void;
