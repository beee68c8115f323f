import { afterEach, describe, expect, it } from '@jest/globals';
import { type Fault } from '../../emulator/index.js';
import { aboutAsQuick, ManyTarpits } from './many-tarpits.js';

const LIMIT_MS = 300_000;

describe('portals that take requests and do not answer in time', () => {
  let scene: ManyTarpits | undefined;
  afterEach(() => scene?.many.close());

  it.each<[string, Omit<Fault, 'method'>]>([
    ['nothing, though they do what they are asked', { kind: 'stall', commit: true }],
    ['after 2 s', { kind: 'delay', ms: 2000 }],
  ])(
    '(%s) leave the others as quick as they were, at once and after a restart',
    async (_what, fault) => {
      scene = await ManyTarpits.open();
      const usual = await scene.measure(4000);
      scene.spoil([fault]);
      const atFirst = await scene.measure(8000);
      const { bridge } = scene.many;
      await bridge.stop('SIGKILL');
      bridge.start();
      await bridge.logged('http.listening');
      const afterwards = await scene.measure(8000);
      for (const latencies of [atFirst, afterwards]) {
        const fast = aboutAsQuick(latencies, usual, 'p95');
        expect({ usual, latencies, fast }).toEqual({ usual, latencies, fast: true });
      }
    },
    LIMIT_MS,
  );
});
