import { afterEach, describe, expect, it } from '@jest/globals';
import Libsql from 'libsql';
import { json } from '../cli/in-process.js';
import { TestSystem } from '../support/test-system.js';
import { nothingLost } from './outage.js';

const EVENTS = 20;

describe('a history that cannot be written', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  const inDatabase = (statement: string) => {
    const file = new Libsql(system.bridge.databaseFile);
    file.exec('pragma busy_timeout = 5000');
    file.exec(statement);
    file.close();
  };

  it('is named, and no reply is taken that it would not tell of; nothing is lost', async () => {
    system = await TestSystem.open({
      process: true,
      settings: {
        SETTLE_MODE: 'ack',
        SETTLE_AFTER_MS: '60000',
        RETRY_BASE_DELAY_MS: '100',
        RETRY_MAX_DELAY_MS: '200',
        FAILURE_BATCH_WAIT_MS: '50',
      },
      onEvent: (event, downstream) =>
        downstream.replyAndAcknowledge(
          event.attempt === 1 ? { status: 'failed', reason: 'out of stock' } : { status: 'processed' },
          event,
        ),
    });
    inDatabase(
      `create trigger full before insert on event_log begin select raise(abort, 'database or disk is full'); end`,
    );
    system.push(1, EVENTS);
    const { message } = await system.bridge.logged('replies.not_recorded');
    expect(message['reason']).toContain('database or disk is full');
    expect(await json(system.bridge, ['events', 'list', '--state', 'failed'])).toMatchObject({ total: 0 });
    inDatabase('drop trigger full');
    await nothingLost(system, EVENTS);
    const found = await json<{ events: { id: string; attempts: number; reason: string }[] }>(system.bridge, [
      ...['events', 'find', 'out of stock', '--state', 'processed', '--limit', '100'],
    ]);
    expect(found.events.map(({ attempts }) => attempts)).toEqual(Array.from({ length: EVENTS }, () => 2));
    const told = await json<{ timeline: { what: string; reason: string | null }[] }>(system.bridge, [
      ...['events', 'show', found.events[0]?.id ?? ''],
    ]);
    expect(told.timeline).toContainEqual(
      expect.objectContaining({ what: 'failed', reason: 'out of stock', attempt: 1 }),
    );
  });
});
