import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { ConnectionBook } from './connection-book.js';
import { networkOf } from './network-of.js';
import { type PacedConnection } from './paced-connection.js';

/** As much of a connection as the book asks for; `idleSince` null: at work. */
class Held extends EventEmitter {
  destroyed = false;
  constructor(
    readonly remoteAddress: string,
    readonly idleSince: number | null,
    readonly isKept: boolean,
  ) {
    super();
  }
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
  get asConnection(): PacedConnection {
    return this as unknown as PacedConnection;
  }
}

function bookOf(total: number, perAddress: number) {
  const closed: string[] = [];
  const book = new ConnectionBook(
    { total, perAddress },
    (address) => address.startsWith('10.'),
    (from) => closed.push(from),
  );
  const admit = (address: string, idleSince: number | null, isKept = false) => {
    const held = new Held(address, idleSince, isKept);
    return { held, admitted: book.admit(held.asConnection) };
  };
  return { book, closed, admit };
}

describe('the book of connections', () => {
  it('closes the one of an address that has been idle longest for one more of the same address', () => {
    const { book, admit, closed } = bookOf(100, 3);
    const [busy, late, early] = [admit('192.0.2.1', null), admit('192.0.2.1', 20), admit('192.0.2.1', 10)];
    const other = admit('192.0.2.2', 1);
    expect(admit('192.0.2.1', 30).admitted).toBe(true);
    expect([busy, late, early, other].map(({ held }) => held.destroyed)).toEqual([false, false, true, false]);
    expect([book.size, closed]).toEqual([4, ['192.0.2.1']]);
  });

  it('closes one that has had its answer before one whose request may not have been read yet', () => {
    const { admit } = bookOf(100, 3);
    const [fresh, kept, keptLater] = [
      admit('192.0.2.1', 10),
      admit('192.0.2.1', 20, true),
      admit('192.0.2.1', 30, true),
    ];
    admit('192.0.2.1', 40);
    expect([fresh, kept, keptLater].map(({ held }) => held.destroyed)).toEqual([false, true, false]);
  });

  it('closes one that is only kept, whoever has it, before one that may be sending', () => {
    const { admit } = bookOf(3, 3);
    const [sending, alsoSending, kept] = [
      admit('192.0.2.1', 10),
      admit('192.0.2.1', 20),
      admit('192.0.2.2', 30, true),
    ];
    expect(admit('192.0.2.3', 40).admitted).toBe(true);
    expect([sending, alsoSending, kept].map(({ held }) => held.destroyed)).toEqual([false, false, true]);
  });

  it('refuses one more while every one of the address is at work', () => {
    const { book, admit } = bookOf(100, 2);
    admit('192.0.2.1', null);
    admit('192.0.2.1', null);
    expect(admit('192.0.2.1', 0).admitted).toBe(false);
    expect(admit('192.0.2.2', 0).admitted).toBe(true);
    expect(book.size).toBe(3);
  });

  it('has room for a newcomer where others hold all: it takes from who holds most', () => {
    const { admit } = bookOf(6, 5);
    const few = admit('192.0.2.1', 1);
    const many = [1, 2, 3, 4, 5].map((since) => admit('192.0.2.2', since + 1));
    expect(admit('192.0.2.3', 9).admitted).toBe(true);
    expect(few.held.destroyed).toBe(false);
    expect(many.map(({ held }) => held.destroyed)).toEqual([true, false, false, false, false]);
  });

  it('takes from who has been idle longest where everybody holds one', () => {
    const { admit } = bookOf(3, 3);
    const all = [5, 3, 4].map((since, index) => admit(`192.0.2.${index}`, since));
    expect(admit('192.0.2.9', 9).admitted).toBe(true);
    expect(all.map(({ held }) => held.destroyed)).toEqual([false, true, false]);
  });

  it('lets trusted proxies hold more than one address may, and never everything', () => {
    const { admit, book } = bookOf(20, 3);
    const proxied = Array.from({ length: 30 }, (_each, index) => admit(`10.0.0.${index % 2}`, null));
    expect(proxied.filter(({ admitted }) => admitted)).toHaveLength(18);
    expect(admit('192.0.2.1', 0).admitted).toBe(true);
    expect(book.size).toBe(19);
  });

  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('counts %s as %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
