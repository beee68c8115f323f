import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { BridgeLogger } from './log.js';

describe('the log', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  /** What is written while `work` runs, line by line. */
  const written = (format: 'json' | 'pretty', work: (log: BridgeLogger) => void): string[] => {
    const lines: string[] = [];
    for (const stream of [process.stdout, process.stderr]) {
      jest.spyOn(stream, 'write').mockImplementation((text) => {
        lines.push(String(text));
        return true;
      });
    }
    work(new BridgeLogger({ LOG_LEVEL: 'debug', LOG_FORMAT: format }, () => ['s3cret-token']));
    jest.restoreAllMocks();
    return lines.join('').trim().split('\n');
  };
  const json = (work: (log: BridgeLogger) => void) =>
    written('json', work).map((line) => JSON.parse(line) as Record<string, unknown>);

  it('has every field at the top level, the level as the settings name it, and the time in two forms', () => {
    const [line = {}] = json((log) => log.info({ event: 'round', portal: 'acme', reserved: 3 }));
    expect(line).toMatchObject({ level: 'info', event: 'round', portal: 'acme', reserved: 3 });
    expect(line).toMatchObject({ msg: 'round (acme)', pid: process.pid });
    expect(String(line['time'])).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(Date.parse(String(line['time']))).toBe(line['timestamp']);
    expect(json((log) => log.debug({ event: 'a' }))[0]).toMatchObject({ level: 'debug' });
    expect(json((log) => log.warn({ event: 'a', reason: 'because' }))[0]).toMatchObject({
      level: 'warn',
      msg: 'a: because',
    });
    expect(json((log) => log.fatal('the end'))[0]).toMatchObject({
      level: 'error',
      event: 'nest',
      msg: 'the end',
    });
  });

  it('keeps a fact that has the name of a field of every line, and hides secrets', () => {
    const [line] = json((log) => log.error({ event: 'x', level: 9, time: 'noon', token: 's3cret-token' }));
    expect(line).toMatchObject({ level: 'error', level_: 9, time_: 'noon', token: '***' });
  });

  it('says nothing of a start that Nest takes for successful: what listens says so itself', () => {
    expect(
      json((log) => {
        log.log('Nest application successfully started', 'NestApplication');
        log.log('something else', 'NestApplication');
      }),
    ).toMatchObject([{ event: 'nest', msg: 'something else', context: 'NestApplication' }]);
  });

  it('for people: milliseconds, 24 hours, and no colours where no terminal is', () => {
    const [line = ''] = written('pretty', (log) => log.info({ event: 'round', portal: 'acme' }));
    expect(line).toMatch(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} /);
    expect(line).not.toMatch(/[AP]M/);
    // eslint-disable-next-line no-control-regex -- colours are control characters
    expect(line).not.toMatch(/\u001b/);
    expect(line).toContain('round portal=acme');
  });
});
