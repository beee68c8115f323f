import { describe, expect, it } from '@jest/globals';
import { parseProxy } from './proxy.js';

describe('a proxy', () => {
  it.each([
    [
      'http://proxy.example:3128',
      { secure: false, hostname: 'proxy.example', port: 3128, authorization: null },
    ],
    ['http://proxy.example/', { port: 80, shown: 'http://proxy.example' }],
    ['https://proxy.example', { secure: true, port: 443, shown: 'https://proxy.example' }],
    ['proxy.example:3128', { secure: false, port: 3128, shown: 'http://proxy.example:3128' }],
    ['HTTP://[::1]:3128', { hostname: '::1', shown: 'http://[::1]:3128' }],
    ['user:se%40cret@proxy.example:3128', { hostname: 'proxy.example', shown: 'http://proxy.example:3128' }],
  ])('%s is read', (text, expected) => {
    expect(parseProxy(text)).toMatchObject(expected);
  });

  it('gets user and password as they are meant, and shows neither', () => {
    const proxy = parseProxy('http://us%20er:p%C3%A4ss%40@proxy.example:3128');
    const basic = Buffer.from('us er:päss@').toString('base64');
    expect(proxy.authorization).toBe(`Basic ${basic}`);
    expect(proxy.secrets).toEqual(expect.arrayContaining(['p%C3%A4ss%40', 'päss@', basic]));
    expect(proxy.shown).toBe('http://proxy.example:3128');
  });

  it.each([
    'socks5://user:hunter2@proxy.example:1080',
    'ftp://proxy.example',
    'http://user:hunter2#1@proxy.example:3128',
    'http://user:12/hunter2@proxy.example:3128',
    'http://user:%hunter2@proxy.example:3128',
    'http://proxy.example:99999',
    'http://proxy.example/path',
    'http://',
    'user:hunter2@',
  ])('%s is none, which does not repeat the password', (text) => {
    expect(() => parseProxy(text)).toThrow(TypeError);
    try {
      parseProxy(text);
    } catch (error) {
      expect(String(error)).not.toContain('hunter2');
    }
  });
});
