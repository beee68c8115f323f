import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { HttpService } from '@nestjs/axios';
import { startEmulator, type EmulatedPortal, type Emulator } from '../emulator/index.js';
import { isFailed, type BatchCommand, type CommandOutcome } from '../src/bitrix24/batch.js';
import { PortalError } from '../src/bitrix24/errors.js';
import { AuthorizationServers } from '../src/bitrix24/authorization-servers.js';
import { OAuthClient } from '../src/bitrix24/oauth-client.js';
import {
  clearCommand,
  errorCommand,
  getCommand,
  listCommand,
  parseGetResult,
  parseListResult,
  type OfflineEvent,
} from '../src/bitrix24/offline-events.js';
import { PortalClient } from '../src/bitrix24/portal-client.js';
import { RateBudget } from '../src/bitrix24/rate-budget.js';
import { TokenRefresher, type StoredTokens } from '../src/bitrix24/token-refresher.js';

const EVENT = 'ONCRMDEALUPDATE';

let emulator: Emulator;
let portal: EmulatedPortal;
let stored: StoredTokens;
let client: PortalClient;
let portals = 0;

beforeAll(async () => {
  emulator = await startEmulator();
});
afterAll(() => emulator.close());

beforeEach(() => {
  portals += 1;
  portal = emulator.addPortal({ name: `client${portals}` });
  portal.bind(EVENT);
  stored = { ...portal.issueTokens(), clientEndpoint: portal.clientEndpoint };
  client = clientWith();
});

function clientWith({
  timeoutMs = 65_000,
  perSecond = 2,
  burst = 50,
  authConnector = '',
} = {}): PortalClient {
  const http = new HttpService();
  const oauth = new OAuthClient({
    servers: new AuthorizationServers([emulator.url], true),
    clientId: emulator.clientId,
    clientSecret: emulator.clientSecret,
    http,
    allowHttp: true,
  });
  const store = {
    load: () => Promise.resolve(stored),
    save: ({ accessToken, refreshToken, clientEndpoint }: StoredTokens) => {
      stored = { accessToken, refreshToken, clientEndpoint };
      return Promise.resolve();
    },
  };
  return new PortalClient({
    tokens: new TokenRefresher(portal.memberId, store, oauth),
    budget: new RateBudget({ perSecond, burst }),
    http,
    allowHttp: true,
    timeoutMs,
    authConnector,
  });
}

function change(deal: number): void {
  portal.push({ event: EVENT, data: { FIELDS: { ID: String(deal) } } });
}

async function reserve(limit = 500): Promise<{ processId: string; events: OfflineEvent[] }> {
  const { method, params } = getCommand({ limit, clear: false });
  const { result, time } = await client.call(method, params);
  const { processId, events } = parseGetResult(result, time.start);
  if (processId === null) throw new Error('Nothing was reserved');
  return { processId, events };
}

const named = (name: string, command: Omit<BatchCommand, 'name'>): BatchCommand => ({ name, ...command });

function resultOf(outcome: CommandOutcome | undefined): unknown {
  if (outcome === undefined || isFailed(outcome)) throw outcome?.error ?? new Error('No outcome');
  return outcome.result;
}

describe('a portal client against a portal', () => {
  it('reserves, marks, clears and reserves again in one request each', async () => {
    for (let deal = 1; deal <= 3; deal++) change(deal);
    const { processId, events } = await reserve();
    expect(events.map(({ data }) => data)).toEqual(
      ['1', '2', '3'].map((ID) => ({ FIELDS: expect.objectContaining({ ID }) })),
    );
    const [bad, ...good] = events;
    change(4);
    const requests = portal.counters.requests;
    const { results } = await client.batch([
      named('mark', errorCommand({ processId, messageIds: [bad?.messageId ?? ''] })),
      named('clear', clearCommand({ processId, ids: good.map(({ rowId }) => rowId) })),
      named('next', getCommand({ limit: 500, clear: false })),
      named('retries', getCommand({ limit: 500, clear: false, error: true })),
    ]);
    expect(portal.counters.requests).toBe(requests + 1);
    expect(resultOf(results.get('mark'))).toBe(true);
    expect(resultOf(results.get('clear'))).toBe(true);
    const next = parseGetResult(resultOf(results.get('next')), 0);
    expect(next.events.map(({ data }) => data)).toMatchObject([{ FIELDS: { ID: '4' } }]);
    const retries = parseGetResult(resultOf(results.get('retries')), 0);
    expect(retries.events).toMatchObject([{ messageId: bad?.messageId }]);
    emulator.assertNothingDestroyed();
  });

  it('brings message ids of any text through a batch', async () => {
    const messageId = 'a#b&c=d+e%20f[0] §é"\'';
    portal.push({ event: EVENT, data: { FIELDS: { ID: '1' } }, messageId });
    const { processId, events } = await reserve();
    expect(events[0]?.messageId).toBe(messageId);
    await client.batch([named('mark', errorCommand({ processId, messageIds: [messageId] }))]);
    const { method, params } = listCommand({ filter: { '=PROCESS_ID': '' } });
    const { result, time } = await client.call(method, params);
    expect(parseListResult(result, time.start)).toMatchObject([{ messageId, errored: true, processId: '' }]);
  });

  it('clears 500 rows with one command of a batch', async () => {
    for (let deal = 1; deal <= 501; deal++) change(deal);
    const { processId, events } = await reserve(501);
    const ids = events.slice(0, 500).map(({ rowId }) => rowId);
    await client.batch([named('clear', clearCommand({ processId, ids }))]);
    expect(portal.rows()).toHaveLength(1);
  });

  it('pages through a list', async () => {
    for (let deal = 1; deal <= 60; deal++) change(deal);
    const first = listCommand({ order: { ID: 'ASC' } });
    const page = await client.call(first.method, first.params);
    expect(page).toMatchObject({ next: 50, total: 60 });
    const second = listCommand({ order: { ID: 'ASC' }, start: 50 });
    const { results } = await client.batch([named('page', second)]);
    expect(parseListResult(resultOf(results.get('page')), 0)).toHaveLength(10);
    expect(results.get('page')).toMatchObject({ next: null });
  });

  it('renews expired tokens, once for many calls, and stores them', async () => {
    portal.expireAccessTokens();
    const before = { ...stored };
    const refreshes = portal.counters.tokenRequests;
    await Promise.all(Array.from({ length: 4 }, () => client.call('event.get', {})));
    expect(portal.counters.tokenRequests).toBe(refreshes + 1);
    expect(stored.accessToken).not.toBe(before.accessToken);
    expect(stored.refreshToken).not.toBe(before.refreshToken);
  });

  it('says when the authorization is gone', async () => {
    portal.revoke();
    await expect(client.call('event.get', {})).rejects.toMatchObject({
      action: 'unauthorized',
      executed: 'no',
    });
  });

  it('names the missing plan feature of one command, and runs the others', async () => {
    portal.setFeatures({ extended: false });
    const { results } = await client.batch([
      named('get', getCommand({ limit: 1, clear: false })),
      named('list', listCommand()),
    ]);
    expect(results.get('get')).toMatchObject({
      error: { action: 'unlicensed', feature: 'rest_offline_extended', executed: 'no' },
    });
    expect(parseListResult(resultOf(results.get('list')), 0)).toEqual([]);
  });

  it.each([
    ['drop-after-commit', true],
    ['drop-before-commit', false],
    ['html', false],
    ['truncated', true],
    ['stall', true],
  ] as const)('does not repeat a get after %s, and calls the outcome unknown', async (kind, reserved) => {
    change(1);
    client = clientWith({ timeoutMs: kind === 'stall' ? 3000 : 65_000 });
    const fault = portal.inject({ method: 'batch', kind });
    const commands = [named('get', getCommand({ limit: 1, clear: false }))];
    const error: unknown = await client.batch(commands).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PortalError);
    expect(error).toMatchObject({ action: 'unknown-outcome', executed: 'unknown' });
    expect(fault.hits).toBe(1);
    expect(portal.counters.perMethod['batch'] ?? 0).toBeLessThanOrEqual(1);
    expect(portal.rows().filter((row) => row.PROCESS_ID !== '')).toHaveLength(reserved ? 1 : 0);
  });

  it("stays within the portal's request budget", async () => {
    portal.setLimits({ ratePerSecond: 20, burst: 20 });
    client = clientWith({ perSecond: 20, burst: 20 });
    await Promise.all(Array.from({ length: 40 }, () => client.call('event.get', {})));
    expect(portal.counters.requests).toBe(40);
    expect(portal.counters.refusals['QUERY_LIMIT_EXCEEDED'] ?? 0).toBe(0);
  });

  it('names the source key as what a plan lacks, for a batch as a whole', async () => {
    portal.setFeatures({ connector: false });
    client = clientWith({ authConnector: 'erp' });
    await expect(client.batch([named('list', listCommand())])).rejects.toMatchObject({
      action: 'unlicensed',
      feature: 'rest_auth_connector',
    });
  });

  it('sees only what was bound with its source key', async () => {
    portal.bind(EVENT, 'erp');
    portal.push({ event: EVENT, data: { FIELDS: { ID: '7' } }, connector: 'erp' });
    change(8);
    client = clientWith({ authConnector: 'erp' });
    expect((await reserve()).events.map(({ data }) => data)).toMatchObject([{ FIELDS: { ID: '7' } }]);
  });
});
