import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type EndedSessions, SessionEnds } from './session-ends.js';
import { type Session } from './sessions.js';

/** A database that can be made to fail, or to say nothing. */
class Stored implements EndedSessions {
  readonly ids = new Set<string>();
  state: 'up' | 'down' | 'silent' = 'up';

  async add(id: string): Promise<void> {
    await this.reach();
    this.ids.add(id);
  }

  async has(id: string): Promise<boolean> {
    await this.reach();
    return this.ids.has(id);
  }

  private reach(): Promise<void> {
    if (this.state === 'down') return Promise.reject(new Error('no database'));
    return this.state === 'up' ? Promise.resolve() : new Promise(() => undefined);
  }
}

const HOUR_MS = 3_600_000;
const session = (id: string): Session => ({ id, via: 'password', user: null, expiresAt: HOUR_MS });

describe('ends of sessions', () => {
  let stored: Stored;
  let now: number;
  let ends: SessionEnds;
  const another = () => new SessionEnds(stored, () => now);

  beforeEach(() => {
    jest.useFakeTimers();
    stored = new Stored();
    now = 0;
    ends = another();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('hold in every process', async () => {
    expect(await ends.has(session('a'))).toBe(false);
    await ends.end(session('a'));
    for (const process of [ends, another()]) {
      expect([await process.has(session('a')), await process.has(session('b'))]).toEqual([true, false]);
    }
  });

  it.each(['down', 'silent'] as const)(
    'are not known of strange sessions while the database is %s',
    async (state) => {
      await ends.has(session('seen'));
      ends.begun(session('new'));
      await ends.end(session('ended'));
      stored.state = state;
      const ask = async (id: string) => {
        const answer = ends.has(session(id)).catch(() => 'unknown');
        await jest.advanceTimersByTimeAsync(3000);
        return answer;
      };
      expect([await ask('seen'), await ask('new')]).toEqual([false, false]);
      expect([await ask('ended'), await ask('strange')]).toEqual([true, 'unknown']);
    },
  );

  it('that could not be stored hold here, and are stored as soon as that is possible', async () => {
    stored.state = 'down';
    await expect(ends.end(session('a'))).rejects.toThrow('no database');
    expect(await ends.has(session('a'))).toBe(true);
    await jest.advanceTimersByTimeAsync(20_000);
    stored.state = 'up';
    expect(await another().has(session('a'))).toBe(false);
    await jest.advanceTimersByTimeAsync(5000);
    expect(await another().has(session('a'))).toBe(true);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('are not tried to store any longer than the session would have lasted', async () => {
    stored.state = 'down';
    await expect(ends.end(session('a'))).rejects.toThrow('no database');
    now = HOUR_MS;
    await jest.advanceTimersByTimeAsync(10_000);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('are asked for of sessions that others end while it is known here', async () => {
    expect(await ends.has(session('a'))).toBe(false);
    await another().end(session('a'));
    expect(await ends.has(session('a'))).toBe(true);
    stored.state = 'down';
    await expect(ends.has(session('a'))).rejects.toThrow('no database');
  });
});
