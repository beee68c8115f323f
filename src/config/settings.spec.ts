import { describe, expect, it } from '@jest/globals';
import { parseSettings } from './parse-settings.js';
import { SettingsError } from './settings-error.js';

const KEYS = { B24_CLIENT_ID: 'local.1', B24_CLIENT_SECRET: 'sesame' };

function faultsOf(environment: Record<string, string>): readonly string[] {
  try {
    parseSettings(environment);
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
  return [];
}

describe('settings', () => {
  it('need only the keys of the application; the rest has the documented defaults', () => {
    const settings = parseSettings(KEYS);
    expect(settings).toMatchObject({
      RABBITMQ_URL: ['amqp://guest:guest@127.0.0.1:5672'],
      AMQP_PREFIX: 'bitrix24',
      DATABASE_URL: 'file:./data/bridge.db',
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: 3000,
      HTTP_MAX_CONNECTIONS: 1000,
      HTTP_MAX_CONNECTIONS_PER_ADDRESS: 100,
      B24_OAUTH_URL: ['https://oauth.bitrix.info', 'https://oauth.bitrix24.tech'],
      B24_EVENTS: ['ONCRMDEALADD', 'ONCRMDEALUPDATE', 'ONCRMDEALDELETE'],
      B24_ALLOWED_PORTALS: ['*'],
      B24_ALLOW_HTTP: false,
      B24_RATE_PER_SECOND: 2,
      B24_RATE_BURST: 50,
      DRAIN_LIMIT: 2000,
      DRAIN_INTERVAL_MS: 5000,
      DRAIN_MAX_INTERVAL_MS: 60_000,
      DRAIN_CONCURRENCY: 100,
      DRAIN_EVENT_BYTES: 16_384,
      DRAIN_ANSWER_BYTES: 33_554_432,
      DRAIN_MAX_IN_FLIGHT: 100_000,
      SETTLE_AFTER_MS: 60_000,
      SETTLE_MODE: 'timeout',
      FAILURE_BATCH_SIZE: 500,
      FAILURE_BATCH_WAIT_MS: 1000,
      RETRY_MAX_ATTEMPTS: 5,
      RETRY_BASE_DELAY_MS: 30_000,
      RETRY_MAX_DELAY_MS: 3_600_000,
      LATE_FAILURE_WINDOW_MS: 3_600_000,
      REPLY_MAX_BYTES: 262_144,
      LEASE_MS: 15_000,
      LOG_LEVEL: 'info',
    });
    expect(settings.B24_DOMAIN).toBeUndefined();
    expect(settings.TOKEN_ENCRYPTION_KEY).toBeUndefined();
  });

  it('read lists, numbers and booleans, and take an empty variable as absent', () => {
    const settings = parseSettings({
      ...KEYS,
      RABBITMQ_URL: 'amqp://a:b@one:5672, amqps://a:b@two',
      B24_EVENTS: 'oncrmdealadd, ONTASKADD',
      B24_ALLOW_HTTP: 'TRUE',
      B24_RATE_PER_SECOND: '0.5',
      HTTP_PORT: '',
      PUBLIC_URL: ' ',
    });
    expect(settings.RABBITMQ_URL).toEqual(['amqp://a:b@one:5672', 'amqps://a:b@two']);
    expect(settings.B24_EVENTS).toEqual(['ONCRMDEALADD', 'ONTASKADD']);
    expect(settings.B24_ALLOW_HTTP).toBe(true);
    expect(settings.B24_RATE_PER_SECOND).toBe(0.5);
    expect(settings.HTTP_PORT).toBe(3000);
    expect(settings.PUBLIC_URL).toBeUndefined();
  });

  it('stretch the pause of an idle portal no further than was said, and never below the pause itself', () => {
    const longest = (given: Record<string, string>) =>
      parseSettings({ ...KEYS, ...given }).DRAIN_MAX_INTERVAL_MS;
    expect(longest({ DRAIN_INTERVAL_MS: '600000' })).toBe(600_000);
    expect(longest({ DRAIN_INTERVAL_MS: '7000', DRAIN_MAX_INTERVAL_MS: '7000' })).toBe(7000);
    expect(faultsOf({ ...KEYS, DRAIN_INTERVAL_MS: '7000', DRAIN_MAX_INTERVAL_MS: '6999' })).toEqual([
      'DRAIN_MAX_INTERVAL_MS must not be less than DRAIN_INTERVAL_MS',
    ]);
  });

  it('name every fault in one message', () => {
    const faults = faultsOf({
      DRAIN_LIMIT: '0',
      HTTP_PORT: 'eighty',
      SETTLE_MODE: 'never',
      B24_ALLOW_HTTP: 'yes',
      RABBITMQ_URL: 'http://nowhere',
      DATABASE_URL: 'mysql://x',
      TOKEN_ENCRYPTION_KEY: 'c2hvcnQ=',
      B24_DOMAIN: 'https://acme.bitrix24.com/',
    });
    const text = faults.join('\n');
    for (const name of [
      'B24_CLIENT_ID',
      'B24_CLIENT_SECRET',
      'DRAIN_LIMIT',
      'HTTP_PORT',
      'SETTLE_MODE',
      'B24_ALLOW_HTTP',
      'RABBITMQ_URL',
      'DATABASE_URL',
      'TOKEN_ENCRYPTION_KEY',
      'B24_DOMAIN',
      'B24_REFRESH_TOKEN',
    ]) {
      expect(text).toContain(name);
    }
    expect(faults.length).toBe(11);
  });

  it.each(['портал.рф', 'ACME.Bitrix24.com.', 'b24_test.local', '[::1]:4000', 'host:8080/b24'])(
    'takes what a URL takes as an address of a portal: %s',
    (address) => {
      const rules = `${address},*.${address.replace('[::1]', 'local')}`;
      const settings = parseSettings({
        ...KEYS,
        B24_DOMAIN: address,
        B24_REFRESH_TOKEN: 'x',
        B24_ALLOWED_PORTALS: rules,
      });
      expect(settings.B24_DOMAIN).toBe(address);
      expect(settings.B24_ALLOWED_PORTALS).toEqual(rules.split(','));
    },
  );

  it.each([
    [{ B24_DOMAIN: 'acme.bitrix24.com' }, 'go together'],
    [{ RETRY_BASE_DELAY_MS: '5000', RETRY_MAX_DELAY_MS: '1000' }, 'RETRY_MAX_DELAY_MS'],
    [{ B24_OAUTH_URL: 'http://oauth.example.com' }, 'in clear'],
    [{ B24_OAUTH_URL: 'https://oauth.example.com,http://oauth.example.net' }, 'in clear'],
    [{ B24_OAUTH_URL: 'https://oauth.example.com, ftp://oauth.example.net' }, 'B24_OAUTH_URL'],
    [{ B24_OAUTH_URL: 'https://oauth.example.com,https://u:p@oauth.example.net' }, 'B24_OAUTH_URL'],
    [{ B24_OAUTH_URL: ' , ' }, 'at least one authorization server'],
    [{ B24_OAUTH_URL: 'https://oauth.example.com/a,https://oauth.example.com/b' }, 'twice'],
    [{ DRAIN_LIMIT: '1e9' }, 'DRAIN_LIMIT'],
    [{ DRAIN_LIMIT: '12.5' }, 'DRAIN_LIMIT'],
    [{ AMQP_PREFIX: 'a b' }, 'AMQP_PREFIX'],
    [{ RABBITMQ_URL: 'amqp://u:p@host:99999' }, 'RABBITMQ_URL'],
    [{ RABBITMQ_URL: 'amqp://one,amqp://u:p#w@two' }, 'percent-encoded'],
    [{ DATABASE_URL: 'postgres://u:p@[host/db' }, 'DATABASE_URL'],
    [{ DATABASE_URL: 'postgres://u:p#w@host/db' }, 'percent-encoded'],
    [{ B24_OAUTH_URL: 'https://u:p@oauth.example.com' }, 'B24_OAUTH_URL'],
    [{ B24_OAUTH_URL: 'https://oauth.example.com/?a=b' }, 'B24_OAUTH_URL'],
    [{ PUBLIC_URL: 'https://bridge.example.com/?a=b' }, 'PUBLIC_URL'],
    [{ HTTP_TRUSTED_PROXIES: 'loopback, 999.1.1.1' }, 'HTTP_TRUSTED_PROXIES'],
    [{ HTTP_TRUSTED_PROXIES: '10.0.0.0/99' }, 'HTTP_TRUSTED_PROXIES'],
    [{ B24_DOMAIN: 'acme.example.com:99999', B24_REFRESH_TOKEN: 'x' }, 'B24_DOMAIN'],
    [{ STATE: 'crm.deal,crm.task' }, '"crm.task" is none of crm.lead, crm.deal,'],
    [{ STATE_FIELDS: 'crm.deal' }, 'crm.deal has no fields'],
    [{ STATE_WAIT_MS: '5' }, 'STATE_WAIT_MS'],
  ])('refuse %j', (extra, word) => {
    const faults = faultsOf({ ...KEYS, ...(extra as Record<string, string>) });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(word);
  });

  it.each([
    [{ B24_RATE_PER_SECOND: 'fast' }, 'B24_RATE_PER_SECOND must be a number (got "fast")'],
    [{ DRAIN_LIMIT: 'x' }, 'DRAIN_LIMIT must be a whole number from 1 to 10000 (got "x")'],
    [
      { RETRY_MAX_DELAY_MS: '5' },
      'RETRY_MAX_DELAY_MS must be a whole number from 10 to 2592000000 (got "5")',
    ],
    [
      { DRAIN_MAX_INTERVAL_MS: '5' },
      'DRAIN_MAX_INTERVAL_MS must be a whole number from 100 to 86400000 (got "5")',
    ],
    [{ B24_EVENTS: ',' }, 'B24_EVENTS must name at least one event (got ",")'],
    [{ RABBITMQ_URL: ',' }, 'RABBITMQ_URL must name at least one broker'],
    [{ B24_ALLOWED_PORTALS: ' , ' }, 'B24_ALLOWED_PORTALS must name at least one portal, or be * (got ",")'],
  ])('say what is wrong with %j in one line', (given, line) => {
    expect(faultsOf({ ...KEYS, ...(given as Record<string, string>) })).toEqual([line]);
  });

  it('never repeat a secret', () => {
    const addresses = { B24_OAUTH_URL: 'ftp://u:hunter2@h', PUBLIC_URL: 'htp://hunter2@h' };
    const faults = [
      ...faultsOf({ ...KEYS, TOKEN_ENCRYPTION_KEY: 'hunter2', RABBITMQ_URL: 'amq://u:hunter2@h' }),
      ...faultsOf({ ...KEYS, DATABASE_URL: 'postgresq://u:hunter2@h/db', ...addresses }),
      ...faultsOf({ ...KEYS, DATABASE_URL: 'mysql://h/db?password=hunter2' }),
    ];
    expect(faults).toHaveLength(6);
    expect(faults.join()).not.toContain('hunter2');
    for (const [name, value] of [
      ['DATABASE_URL', 'mysql://u:hunter2@host/db'],
      ['DATABASE_URL', 'postgres://u:hunter2/@[host/db'],
      ['B24_OAUTH_URL', 'https://u:hunter2@oauth.example.com'],
      ['PUBLIC_URL', 'ftp://u:hunter2@host'],
      ['B24_DOMAIN', 'https://u:hunter2@acme.bitrix24.com'],
    ] as const) {
      const told = faultsOf({ ...KEYS, [name]: value }).join();
      expect(told).toContain(name);
      expect(told).not.toContain('hunter2');
    }
  });

  it.each([
    { DATABASE_URL: 'postgres:///db?host=/var/run/postgresql' },
    { DATABASE_URL: 'postgresql://u:p%23w@host:5432/db?sslmode=require' },
    { DATABASE_URL: 'postgres://u:p@/db?host=/var/run/postgresql' },
    { DATABASE_URL: 'file:bridge.db' },
    { RABBITMQ_URL: 'amqp://u:p%2Fw@[::1]:5673/%2Fown?heartbeat=5,amqps://two' },
    { HTTP_TRUSTED_PROXIES: 'uniquelocal, 10.0.0.0/8, ::1, fd00::/8, 192.0.2.1' },
    { PUBLIC_URL: 'https://bridge.example.com:8443/crm/' },
    { B24_OAUTH_URL: 'https://oauth.example.com/' },
    { B24_OAUTH_URL: 'https://oauth.example.com/, https://oauth.example.net:8443 ,' },
    { B24_OAUTH_URL: 'https://oauth.example.com,https://oauth.example.com/' },
    { B24_OAUTH_URL: 'http://127.0.0.1:4001,http://127.0.0.1:4002', B24_ALLOW_HTTP: 'true' },
  ])('take %j', (given) => {
    expect(faultsOf({ ...KEYS, ...(given as Record<string, string>) })).toEqual([]);
  });

  it('take the proxies of other programs, in small letters first', () => {
    const settings = parseSettings({
      ...KEYS,
      HTTPS_PROXY: 'http://large:3128',
      https_proxy: 'http://small:3128',
      http_proxy: ' ',
      HTTP_PROXY: 'proxy.example:3128',
      no_proxy: 'localhost, .acme.local 10.0.0.0/8',
    });
    expect(settings).toMatchObject({
      HTTPS_PROXY: 'http://small:3128',
      HTTP_PROXY: 'proxy.example:3128',
      NO_PROXY: ['localhost', '.acme.local', '10.0.0.0/8'],
    });
  });

  it.each([
    [{ HTTPS_PROXY: 'socks5://user:hunter2@proxy:1080' }, 'HTTPS_PROXY', 'socks5:// is no HTTP proxy'],
    [{ https_proxy: 'socks5://user:hunter2@proxy:1080' }, 'https_proxy', 'socks5:// is no HTTP proxy'],
    [{ HTTP_PROXY: 'user:hunter2@proxy:port' }, 'HTTP_PROXY', 'cannot be read'],
    [{ HTTP_PROXY: 'http://user:hunter2#@proxy:3128' }, 'HTTP_PROXY', 'percent-encoded'],
    [{ NODE_EXTRA_CA_CERTS: '/nowhere/ca.pem' }, 'NODE_EXTRA_CA_CERTS', 'ENOENT'],
    [{ NODE_EXTRA_CA_CERTS: 'package.json' }, 'NODE_EXTRA_CA_CERTS', 'no certificate in PEM'],
  ])('refuse the way out of %j, without its password', (given, name, why) => {
    const faults = faultsOf({ ...KEYS, ...(given as Record<string, string>) });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(new RegExp(`^${name} must`));
    expect(faults[0]).toContain(why);
    expect(faults.join()).not.toContain('hunter2');
  });

  it('open the dashboard only by a password worth its name, or a header that a trusted proxy sets', () => {
    expect(parseSettings(KEYS).DASHBOARD_PASSWORD).toBeUndefined();
    const [fault = ''] = faultsOf({ ...KEYS, DASHBOARD_PASSWORD: 'eleven-char' });
    expect(fault).toBe('DASHBOARD_PASSWORD must have at least 12 characters');
    expect(faultsOf({ ...KEYS, DASHBOARD_PASSWORD: 'twelve-chars' })).toEqual([]);
    expect(faultsOf({ ...KEYS, DASHBOARD_PROXY_HEADER: 'X-Forwarded-User' })).toEqual([
      expect.stringContaining('needs HTTP_TRUSTED_PROXIES'),
    ]);
    const proxied = { ...KEYS, HTTP_TRUSTED_PROXIES: 'loopback' };
    expect(faultsOf({ ...proxied, DASHBOARD_PROXY_HEADER: 'X-Forwarded-User' })).toEqual([]);
    expect(faultsOf({ ...proxied, DASHBOARD_PROXY_HEADER: 'no header' })).toHaveLength(1);
  });
});
