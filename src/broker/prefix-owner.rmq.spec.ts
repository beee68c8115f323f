import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type ChannelModel, connect } from 'amqplib';
import { onThrowAway } from './amqp-handles.js';
import { claimPrefix, type PrefixOwner, PrefixTaken, readOwner, takeOverPrefix } from './prefix-owner.js';
import { deleteTopology, TopologyConflict, topologyNames } from './topology.js';

const RABBITMQ_URL = process.env['RABBITMQ_URL'] ?? 'amqp://guest:guest@127.0.0.1:5672';

const ownerOf = (letter: string): PrefixOwner => ({ id: letter.repeat(16), madeOn: `host-${letter}` });

describe('the mark of a prefix', () => {
  const names = topologyNames(`test-${randomUUID()}`);
  let model: ChannelModel;
  beforeAll(async () => {
    model = await connect(RABBITMQ_URL);
  });
  afterEach(() => onThrowAway(model, (channel) => deleteTopology(channel, names)));
  afterAll(() => model.close());

  it('is nobody’s at first, then the first one’s, who may claim it again', async () => {
    expect(await readOwner(model, names)).toEqual({ state: 'free' });
    expect(await readOwner(model, names)).toEqual({ state: 'free' });
    expect(await claimPrefix(model, names, ownerOf('a'))).toBe(true);
    expect(await claimPrefix(model, names, ownerOf('a'))).toBe(true);
    expect(await readOwner(model, names)).toEqual({ state: 'held', owner: ownerOf('a') });
    const refused = await claimPrefix(model, names, ownerOf('b')).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(PrefixTaken);
    expect(String(refused)).toContain(`${'a'.repeat(16)}, made on host-a`);
    expect(String(refused)).toContain('broker take-over');
    expect(await readOwner(model, names)).toEqual({ state: 'held', owner: ownerOf('a') });
  });

  it('goes to one of those who claim it at once', async () => {
    const letters = [...'abcdef'];
    const claims = await Promise.allSettled(
      letters.map((letter) => claimPrefix(model, names, ownerOf(letter))),
    );
    expect(claims.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('is taken over by whoever is told to, back and forth', async () => {
    for (const letter of ['a', 'b', 'a']) {
      await takeOverPrefix(model, names, ownerOf(letter));
      expect(await readOwner(model, names)).toEqual({ state: 'held', owner: ownerOf(letter) });
    }
    await expect(claimPrefix(model, names, ownerOf('b'))).rejects.toThrow(PrefixTaken);
  });

  it('names nobody where somebody made an exchange by hand, and is claimed then', async () => {
    await onThrowAway(model, (channel) =>
      channel.assertExchange(names.owner, 'fanout', { durable: true, internal: true }),
    );
    expect(await readOwner(model, names)).toEqual({ state: 'nameless' });
    expect(await claimPrefix(model, names, ownerOf('a'))).toBe(true);
    expect(await readOwner(model, names)).toEqual({ state: 'held', owner: ownerOf('a') });
  });

  it('is a conflict where an exchange of its name is something else', async () => {
    await onThrowAway(model, (channel) => channel.assertExchange(names.owner, 'topic', { durable: true }));
    await expect(claimPrefix(model, names, ownerOf('a'))).rejects.toThrow(TopologyConflict);
    await expect(readOwner(model, names)).rejects.toThrow(TopologyConflict);
  });

  it('still tells whose it is where the broker cuts its words off', async () => {
    const long = topologyNames(`test-${'long-'.repeat(8)}${randomUUID()}`);
    const owner = { ...ownerOf('a'), madeOn: 'a-machine-with-a-very-long-name.example.com' };
    try {
      expect(await claimPrefix(model, long, owner)).toBe(true);
      expect(await claimPrefix(model, long, owner)).toBe(true);
      await expect(claimPrefix(model, long, ownerOf('b'))).rejects.toThrow(PrefixTaken);
    } finally {
      await onThrowAway(model, (channel) => deleteTopology(channel, long));
    }
  });
});
