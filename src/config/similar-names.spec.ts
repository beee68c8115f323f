import { describe, expect, it } from '@jest/globals';
import { settingNames } from './settings.js';
import { isOurFamily, nearestSetting } from './similar-names.js';

const settings = settingNames();

describe('a name that is none of ours', () => {
  it.each([
    ['DRAIN_INTERVALL_MS', 'DRAIN_INTERVAL_MS'],
    ['DRAIN_INTERVAL', 'DRAIN_INTERVAL_MS'],
    ['DRAIN_INTERVAL_SECONDS', 'DRAIN_INTERVAL_MS'],
    ['DRAIN_LIMTI', 'DRAIN_LIMIT'],
    ['B24_EVENT', 'B24_EVENTS'],
    ['B24_CLIENTID', 'B24_CLIENT_ID'],
    ['b24_client_id', 'B24_CLIENT_ID'],
    ['B24-CLIENT-ID', 'B24_CLIENT_ID'],
    ['BITRIX24_CLIENT_ID', 'B24_CLIENT_ID'],
    ['B24_CLIENT_SECRET_FILE', 'B24_CLIENT_SECRET'],
    ['RABBITMQ_URI', 'RABBITMQ_URL'],
    ['RABBITMQ_URLS', 'RABBITMQ_URL'],
    ['SETTLE_AFTER', 'SETTLE_AFTER_MS'],
    ['RETRY_MAX_ATTEMPT', 'RETRY_MAX_ATTEMPTS'],
    ['TOKEN_ENCRYPTON_KEY', 'TOKEN_ENCRYPTION_KEY'],
    ['DATABASE_URI', 'DATABASE_URL'],
    // Both the unit and a letter.
    ['DRAIN_INTERVALL', 'DRAIN_INTERVAL_MS'],
    ['SETTLE_AFTR_SECONDS', 'SETTLE_AFTER_MS'],
    // The words that one remembers.
    ['B24_SECRET', 'B24_CLIENT_SECRET'],
    ['B24_CONNECTOR', 'B24_AUTH_CONNECTOR'],
    ['B24_ALLOWED', 'B24_ALLOWED_PORTALS'],
    ['BITRIX_TOKEN', 'B24_REFRESH_TOKEN'],
    ['RETRY_ATTEMPTS', 'RETRY_MAX_ATTEMPTS'],
    ['RETRY_MAX_DELAY', 'RETRY_MAX_DELAY_MS'],
    ['RETRY_ATTEMPTS_MAX', 'RETRY_MAX_ATTEMPTS'],
    ['B24_RATE', 'B24_RATE_BURST'],
    ['TOKEN_KEY', 'TOKEN_ENCRYPTION_KEY'],
    // Letters that only look the same.
    ['В24_ЕVENTS', 'B24_EVENTS'],
  ])('%s is near %s', (name, setting) => {
    expect(nearestSetting(name, settings)).toBe(setting);
    expect(isOurFamily(name, settings)).toBe(true);
  });

  it.each([
    ...['RABBITMQ_SERVICE_HOST', 'RABBITMQ_SERVICE_PORT', 'RABBITMQ_PORT', 'RABBITMQ_PORT_5672_TCP'],
    ...['RABBITMQ_PORT_5672_TCP_ADDR', 'RABBITMQ_DEFAULT_USER', 'RABBITMQ_DEFAULT_PASS', 'RABBITMQ_NODENAME'],
    ...['RABBITMQ_USER', 'RABBITMQ_PASSWORD', 'DATABASE_PORT', 'DATABASE_NAME', 'AMQP_URL', 'TOKEN', 'PATH'],
    ...['B24_WEBHOOK', 'POSTGRES_USER', 'BRIDGE_RABBITMQ_URL', 'OTEL_TRACES_SAMPLER', 'HOSTNAME', 'EDITOR'],
  ])('%s resembles none', (name) => {
    expect(nearestSetting(name, settings)).toBeNull();
  });

  it.each([
    ['CLIENT_ID', 'B24_CLIENT_ID'],
    ['ENCRYPTION_KEY', 'TOKEN_ENCRYPTION_KEY'],
    ['MAX_RETRY_ATTEMPTS', 'RETRY_MAX_ATTEMPTS'],
  ])('%s is near %s in a file that is ours', (name, setting) => {
    expect(nearestSetting(name, settings)).toBe(setting);
    expect(isOurFamily(name, settings)).toBe(false);
  });

  it.each(['FTP_PROXY', 'HTTPS_PORT', 'LOG_LEVELS', 'MY_B24_EVENTS'])('%s may be anybody’s', (name) => {
    expect(isOurFamily(name, settings)).toBe(false);
  });

  it('is no setting’s own name', () => {
    for (const name of settings) expect(nearestSetting(name, settings)).toBeNull();
  });
});
