import { describe, expect, it } from '@jest/globals';
import { NoProxy } from './no-proxy.js';

const excepts = (entries: string, address: string) =>
  new NoProxy(entries.split(',')).includes(new URL(address));

describe('NO_PROXY', () => {
  it.each([
    ['*', 'https://acme.bitrix24.com/rest/'],
    ['acme.bitrix24.com', 'https://acme.bitrix24.com/rest/'],
    ['bitrix24.com', 'https://acme.bitrix24.com/rest/'],
    ['.bitrix24.com', 'https://acme.bitrix24.com/rest/'],
    ['.acme.bitrix24.com', 'https://acme.bitrix24.com/rest/'],
    ['*.bitrix24.com', 'https://acme.bitrix24.com/rest/'],
    ['ACME.Bitrix24.COM.', 'https://acme.bitrix24.com/rest/'],
    ['acme.bitrix24.com', 'https://acme.bitrix24.com./rest/'],
    ['acme.bitrix24.com:443', 'https://acme.bitrix24.com/rest/'],
    ['acme.local:8443', 'https://acme.local:8443/rest/'],
    ['http://acme.local/', 'http://acme.local/rest/'],
    ['портал.рф', 'https://портал.рф/'],
    ['localhost', 'http://acme.localhost:4000/'],
    ['127.0.0.1', 'http://127.0.0.1:4000/'],
    ['127.0.0.1:4000', 'http://127.0.0.1:4000/'],
    ['10.0.0.0/8', 'https://10.20.30.40/'],
    ['::1', 'http://[::1]:4000/'],
    ['[::1]', 'http://[::1]:4000/'],
    ['[::1]:4000', 'http://[::1]:4000/'],
    ['fd00::/8', 'https://[fd12::1]/'],
    ['nothing,10.0.0.0/8', 'https://10.1.1.1/'],
  ])('%s excepts %s', (entries, address) => {
    expect(excepts(entries, address)).toBe(true);
  });

  it.each([
    ['acme.bitrix24.com', 'https://bitrix24.com/'],
    ['acme.bitrix24.com', 'https://other-acme.bitrix24.com/'],
    ['24.com', 'https://acme.bitrix24.com/'],
    ['*.bitrix24.com', 'https://bitrix24.com/'],
    ['acme.bitrix24.com:8443', 'https://acme.bitrix24.com/'],
    ['acme.bitrix24.com:80', 'https://acme.bitrix24.com/'],
    ['10.0.0.0/8', 'https://11.0.0.1/'],
    ['10.0.0.0/8', 'https://10.example.com/'],
    ['10.0.0.0/99', 'https://10.0.0.1/'],
    ['0.0.1', 'http://127.0.0.1/'],
    ['127.0.0.1', 'http://localhost/'],
    ['::1', 'http://127.0.0.1/'],
    ['', 'https://acme.bitrix24.com/'],
    ['.', 'https://acme.bitrix24.com/'],
    ['a b', 'https://acme.bitrix24.com/'],
  ])('%s does not except %s', (entries, address) => {
    expect(excepts(entries, address)).toBe(false);
  });
});
