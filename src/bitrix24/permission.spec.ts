import http from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HttpService } from '@nestjs/axios';
import { RequestCancelled } from './errors.js';
import { PortalClient } from './portal-client.js';
import { RateBudget } from './rate-budget.js';
import { DIRECT } from './outbound-routes.js';

describe('a request to a portal that may belong to another process by now', () => {
  let server: http.Server;
  let arrived: string[];
  let expired: boolean;
  let renewals: number;
  beforeEach(async () => {
    arrived = [];
    expired = false;
    renewals = 0;
    server = http.createServer((request, response) => {
      arrived.push(request.url ?? '');
      request
        .resume()
        .on('end', () =>
          response
            .writeHead(expired ? 401 : 200)
            .end(JSON.stringify(expired ? { error: 'expired_token' } : { result: true })),
        );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });
  /** @param answers of the owner, one for each time that it is asked; the last one stays */
  const client = (answers: boolean[]) =>
    new PortalClient({
      tokens: {
        memberId: 'm1',
        endpoint: () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/rest/`,
        accessToken: () => Promise.resolve('first'),
        renew: () => {
          renewals += 1;
          return Promise.resolve('renewed');
        },
      },
      budget: new RateBudget({ perSecond: 1000, burst: 1000 }),
      http: new HttpService(),
      allowHttp: true,
      permitted: () => (answers.length > 1 ? answers.shift() : answers[0]) ?? false,
    });
  const refused = async (call: Promise<unknown>) => {
    const error = await call.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RequestCancelled);
    expect(error).toMatchObject({ code: 'NOT_OURS', executed: 'no', action: 'retry' });
  };

  it('leaves while it is ours', async () => {
    expect((await client([true]).call('events', {})).result).toBe(true);
  });

  it('does not leave when its turn comes too late', async () => {
    await refused(client([false]).call('events', {}));
    expect(arrived).toEqual([]);
  });

  it('does not leave when opening the connection took too long', async () => {
    await refused(client([true, false]).call('events', {}));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(arrived).toEqual([]);
  });

  it('does not leave on a connection that is there already', async () => {
    const answers = [true];
    const ours = client(answers);
    await ours.call('events', {});
    const { httpAgent } = DIRECT.to('http://acme.localhost', 'kept').agents;
    expect(Object.keys(httpAgent.freeSockets)).not.toEqual([]);
    answers.push(false);
    await refused(ours.call('events', {}));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(arrived).toHaveLength(1);
  });

  it('does not have its tokens renewed: that is for the owner to do', async () => {
    expired = true;
    await refused(client([true, true, false]).call('events', {}));
    expect(arrived).toHaveLength(1);
    expect(renewals).toBe(0);
  });
});
