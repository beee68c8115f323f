import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startEmulator, type EmulatedPortal, type Emulator } from './index.js';
import {
  PortalCaller,
  type Answer,
  type BatchAnswer,
  type OfflineGetAnswer,
} from './fixtures/portal-caller.js';

describe('batch', () => {
  let emulator: Emulator;
  let portal: EmulatedPortal;
  let rest: PortalCaller;

  beforeEach(async () => {
    emulator = await startEmulator();
    portal = emulator.addPortal({ name: 'acme' });
    rest = new PortalCaller(emulator, portal);
  });

  afterEach(() => emulator.close());

  const batch = (cmd: unknown, more: Record<string, unknown> = {}): Promise<Answer<BatchAnswer>> =>
    rest.call<BatchAnswer>('batch', { cmd, ...more });

  const push = (count: number, messageId?: (index: number) => string): void => {
    for (let i = 0; i < count; i += 1) {
      const data = { FIELDS: { ID: String(i) } };
      portal.push({ event: 'ONX', data, force: true, ...(messageId ? { messageId: messageId(i) } : {}) });
    }
  };

  const errorsOf = (answer: Answer<BatchAnswer>): Record<string, { error: string }> =>
    answer.result.result_error as Record<string, { error: string }>;

  it('prints maps without entries as []', async () => {
    expect((await batch({})).result).toEqual({
      result: [],
      result_error: [],
      result_total: [],
      result_next: [],
      result_time: [],
    });
    const one = await batch({ bindings: 'event.get' });
    expect(one.result).toMatchObject({
      result: { bindings: [] },
      result_error: [],
      result_total: [],
      result_next: [],
    });
    expect(Object.keys(one.result.result_time as object)).toEqual(['bindings']);
    expect((await batch(['event.get', 'event.get'])).result.result).toEqual([[], []]);
  });

  it('runs commands in order under one request of the budget and counts each of them', async () => {
    push(3);
    const answer = await batch({
      reserve: 'event.offline.get?clear=0&limit=2',
      left: 'event.offline.list?filter%5BPROCESS_ID%5D=',
    });
    const { reserve } = answer.result.result as { reserve: OfflineGetAnswer };
    expect(reserve.events).toHaveLength(2);
    expect(answer.result.result_total).toEqual({ left: 1 });
    expect(portal.counters).toMatchObject({
      requests: 1,
      perMethod: { batch: 1, 'event.offline.get': 1, 'event.offline.list': 1 },
    });
  });

  it.each(['JSON', 'form'])(
    'runs commands in the order of the request, whatever their names are: %s',
    async (kind) => {
      push(1);
      const reserve = 'event.offline.get?clear=0';
      const listed = 'event.offline.list?filter[PROCESS_ID]=';
      const cmd = `"9":"${listed}","2":"${reserve}","1":"${listed}"`;
      const form = `cmd[9]=${listed}&cmd[2]=${encodeURIComponent(reserve)}&cmd[1]=${listed}`;
      const answer =
        kind === 'JSON'
          ? await rest.post<BatchAnswer>(
              'batch',
              'application/json',
              `{"auth":"${portal.issueAccessToken()}","cmd":{${cmd}}}`,
            )
          : await rest.form<BatchAnswer>('batch', form);
      expect(answer.result.result_total).toEqual({ '9': 1, '1': 0 });
    },
  );

  it('puts only a text in the place of a reference that stands amid other text', async () => {
    push(1);
    const answer = await batch({
      reserve: 'event.offline.get?clear=0',
      whole: 'event.offline.get?clear=0&process_id=$result[reserve][process_id]',
      absent: 'event.offline.get?clear=0&process_id=x$result[reserve][events]',
    });
    const { whole, absent, reserve } = answer.result.result as Record<string, OfflineGetAnswer>;
    expect(whole?.events).toEqual(reserve?.events);
    expect(absent?.process_id).toBe('x$result[reserve][events]');
  });

  it('goes on after a failed command, and stops at it with halt', async () => {
    const cmd = { wrong: 'event.offline.get?limit=0', then: 'feature.get?CODE=rest_offline_extended' };
    const going = await batch(cmd);
    expect(errorsOf(going)['wrong']).toMatchObject({ error: 'ERROR_ARGUMENT' });
    expect(going.result.result).toEqual({ then: { value: 'Y' } });
    expect(going.status).toBe(200);
    expect((await batch(cmd, { halt: 1 })).result.result).toEqual([]);
    expect((await batch(cmd, { halt: '0' })).result.result).toEqual({ then: { value: 'Y' } });
  });

  it('refers to earlier answers', async () => {
    push(2);
    const answer = await batch({
      reserve: 'event.offline.get?clear=0',
      clear:
        'event.offline.clear?process_id=$result[reserve][process_id]&id[0]=$result[reserve][events][0][ID]',
    });
    expect(answer.result.result).toMatchObject({ clear: true });
    expect(portal.rows()).toMatchObject([{ ID: 2 }]);
  });

  it('drops the ids of one command beyond the thousandth variable without a word', async () => {
    push(1200);
    const { result } = await rest.call<OfflineGetAnswer>('event.offline.get', { clear: 0, limit: 1200 });
    const ids = result.events.map((event, i) => `id%5B${i}%5D=${event.ID}`).join('&');
    const answer = await batch({
      clear: `event.offline.clear?process_id=${result.process_id}&${ids}`,
    });
    expect(answer.result.result).toEqual({ clear: true });
    expect(portal.rows()).toHaveLength(201);
  });

  it('clears the whole batch when every id stands beyond the thousandth variable', async () => {
    push(1);
    const { result } = await rest.call<OfflineGetAnswer>('event.offline.get', { clear: 0 });
    const padding = Array.from({ length: 999 }, (_, i) => `x${i}=1`).join('&');
    await batch({
      clear: `event.offline.clear?process_id=${result.process_id}&${padding}&id[0]=999`,
    });
    expect(portal.rows()).toEqual([]);
  });

  it('cuts a command at a bare # and takes an encoded one whole', async () => {
    push(2, (i) => `deal#${i}`);
    const { result } = await rest.call<OfflineGetAnswer>('event.offline.get', { clear: 0 });
    const call = `event.offline.error?process_id=${result.process_id}&message_id[0]=`;
    await batch({ cut: `${call}deal#0`, whole: `${call}deal%231` });
    expect(portal.rows().map((row) => row.ERROR)).toEqual([0, 1]);
  });

  it('does not limit the variables of a JSON body', async () => {
    push(1200);
    const { result } = await rest.call<OfflineGetAnswer>('event.offline.get', { clear: 0, limit: 1200 });
    const params = { process_id: result.process_id, id: result.events.map((event) => event.ID) };
    await rest.call('event.offline.clear', params);
    expect(portal.rows()).toEqual([]);
  });

  it('reads a form body, cut at the thousandth variable like a command', async () => {
    push(1100);
    const { result } = await rest.call<OfflineGetAnswer>('event.offline.get', { clear: 0, limit: 1100 });
    const ids = result.events.map((event) => `id[]=${event.ID}`).join('&');
    const answer = await rest.form('event.offline.clear', `process_id=${result.process_id}&${ids}`);
    expect(answer.result).toBe(true);
    expect(portal.rows()).toHaveLength(102);
  });

  it('refuses each command beyond the fiftieth, and a nested batch', async () => {
    const many = Object.fromEntries(Array.from({ length: 52 }, (_, i) => [`c${i}`, 'event.get']));
    const answer = await batch(many);
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.result.result)).toHaveLength(50);
    expect(answer.result.result_error).toEqual({
      c50: { error: 'ERROR_BATCH_LENGTH_EXCEEDED', error_description: 'Max batch length exceeded' },
      c51: { error: 'ERROR_BATCH_LENGTH_EXCEEDED', error_description: 'Max batch length exceeded' },
    });
    expect(portal.counters.perMethod['event.get']).toBe(50);
    const nested = await batch({ inner: 'batch?cmd[a]=event.get' });
    expect(errorsOf(nested)['inner']).toMatchObject({ error: 'ERROR_BATCH_METHOD_NOT_ALLOWED' });
  });

  it('takes the source key from the batch request and ignores one in a command', async () => {
    portal.push({ event: 'ONX', data: 1, connector: 'erp', force: true });
    const inCommand = await batch({ list: 'event.offline.list?auth_connector=erp' });
    expect(inCommand.result.result).toEqual({ list: [] });
    const atTop = await batch({ list: 'event.offline.list' }, { auth_connector: 'erp' });
    expect(atTop.result.result_total).toEqual({ list: 1 });
  });
});
