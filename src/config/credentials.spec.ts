import { describe, expect, it } from '@jest/globals';
import { parseSettings } from './parse-settings.js';
import { withCredentials } from './credentials.js';

const KEYS = { B24_CLIENT_ID: 'id', B24_CLIENT_SECRET: 'secret' };
/** Whatever means something in an address, a shell or an `.env` file, and letters that are none of ASCII. */
const EVERY = 'a:b/c?d#e[f]@g%h,i j$k&l=m+n"o\'p\\q!(*)~`ü€😀%2F';

describe('user and password beside the address', () => {
  it('may be of any characters', () => {
    const settings = parseSettings({
      ...KEYS,
      RABBITMQ_URL: 'amqp://one:5672/vhost?heartbeat=5,amqps://[::1]',
      RABBITMQ_USER: `u${EVERY}`,
      RABBITMQ_PASSWORD: EVERY,
      DATABASE_URL: 'postgres://db:5432/bridge?sslmode=require',
      DATABASE_USER: `d${EVERY}`,
      DATABASE_PASSWORD: EVERY,
    });
    const read = [...settings.RABBITMQ_URL, settings.DATABASE_URL].map((address) => new URL(address));
    expect(read.map(({ username }) => decodeURIComponent(username))).toEqual([
      `u${EVERY}`,
      `u${EVERY}`,
      `d${EVERY}`,
    ]);
    for (const { password } of read) expect(decodeURIComponent(password)).toBe(EVERY);
    expect(read.map(({ host, pathname, search }) => host + pathname + search)).toEqual([
      'one:5672/vhost?heartbeat=5',
      '[::1]',
      'db:5432/bridge?sslmode=require',
    ]);
  });

  it.each([
    ['amqp://host', 'me', 'p@w', 'amqp://me:p%40w@host'],
    ['amqp://own:word@host', 'me', 'pw', 'amqp://own:word@host'],
    ['amqp://own:@host', 'me', 'pw', 'amqp://own:@host'],
    ['amqp://own@host/v', 'me', 'p/w', 'amqp://own:p%2Fw@host/v'],
    [
      'postgres:///db?host=/var/run/postgresql',
      'me',
      undefined,
      'postgres://me@/db?host=/var/run/postgresql',
    ],
    ['postgres://host/db', undefined, 'pw', 'postgres://:pw@host/db'],
    ['postgres://host/db', undefined, undefined, 'postgres://host/db'],
    ['postgres://host/a@b', 'me', 'pw', 'postgres://me:pw@host/a@b'],
  ])('%s, %s and %s are %s', (address, user, password, whole) => {
    expect(withCredentials(address, user, password)).toBe(whole);
  });

  it('are those of a new RabbitMQ, and none for PostgreSQL, where nothing is said', () => {
    expect(parseSettings({ ...KEYS, DATABASE_URL: 'postgres://db/bridge' })).toMatchObject({
      RABBITMQ_URL: ['amqp://guest:guest@127.0.0.1:5672'],
      DATABASE_URL: 'postgres://db/bridge',
    });
  });

  it('change nothing of SQLite', () => {
    const settings = parseSettings({ ...KEYS, DATABASE_URL: 'file://a/b.db', DATABASE_PASSWORD: 'pw' });
    expect(settings.DATABASE_URL).toBe('file://a/b.db');
  });
});
