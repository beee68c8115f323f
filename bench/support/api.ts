import { randomBytes } from 'node:crypto';
import { type Service } from './service.js';

const SECRET = randomBytes(32).toString('hex');

/** Settings of a service whose API is called by {@link callApi}. */
export const API_SETTINGS = { API_TOKEN: `bench:operate:${SECRET}` };

/**
 * Calls the API of a service as an operator.
 * @param path below `/api/v1/`
 * @throws Error when it refuses
 */
export async function callApi<Answer>(
  { address }: Service,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<Answer> {
  const response = await fetch(new URL(`/api/v1/${path}`, address), {
    method,
    headers: {
      authorization: `Bearer ${SECRET}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}

/** Reads all deals of a portal, behind everything else. */
export function startSnapshot(service: Service, portal: string): Promise<unknown> {
  return callApi(service, 'POST', `portals/${portal}/snapshots`, { types: ['crm.deal'] });
}
