import { type ServerResponse } from 'node:http';
import { type DashboardRequest } from '../session/dashboard-request.js';

/** A request and what is said beside its answer: cookies, status, headers. */
export interface HttpContext {
  readonly request: DashboardRequest;
  readonly response: ServerResponse;
}
