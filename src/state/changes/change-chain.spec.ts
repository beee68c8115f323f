import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ChangeChain, type Published } from './change-chain.js';
import { inForm } from '../../../test/support/form.js';

function known(record: Published | null): ChangeChain {
  const chain = new ChangeChain();
  chain.load(record);
  return chain;
}

const RECORD = { text: 'NEW', previous: 'LEAD', by: 'e0' };

describe('what events tell of changes', () => {
  it('compares with what was published last, and puts itself on record when it is confirmed', () => {
    const chain = known(RECORD);
    expect(chain.tell(1, 'e1', 'WON')).toBe('NEW');
    expect(chain.confirmed(1)).toEqual({ text: 'WON', previous: 'NEW', by: 'e1' });
    expect(chain.tell(2, 'e2', 'LOST')).toBe('WON');
  });

  it('says nothing at first sight', () => {
    const chain = known(null);
    expect(chain.tell(1, 'e1', 'NEW')).toBeNull();
    expect(chain.confirmed(1)).toEqual({ text: 'NEW', previous: null, by: 'e1' });
    // Its retry has seen nothing before either.
    expect(chain.tell(2, 'e1', 'NEW')).toBeNull();
  });

  it('tells the same change again at a retry, up to now', () => {
    const chain = known(RECORD);
    chain.tell(1, 'e1', 'WON');
    chain.confirmed(1);
    expect(chain.tell(2, 'e1', 'PAID')).toBe('NEW');
    expect(chain.confirmed(2)).toEqual({ text: 'PAID', previous: 'NEW', by: 'e1' });
    expect(chain.tell(3, 'e2', 'PAID')).toBe('PAID');
  });

  it('writes nothing where nothing is new', () => {
    const chain = known(RECORD);
    chain.tell(1, 'e1', 'NEW');
    expect(chain.confirmed(1)).toBeNull();
    // So that the retry of the event that told of it tells of it.
    expect(chain.tell(2, 'e0', 'NEW')).toBe('LEAD');
  });

  it('compares with what is on its way, and puts it on record in its order', () => {
    const chain = known(RECORD);
    expect(chain.tell(1, 'e1', 'WON')).toBe('NEW');
    expect(chain.tell(2, 'e2', 'PAID')).toBe('WON');
    // The later one is answered first.
    expect(chain.confirmed(2)).toBeNull();
    expect(chain.confirmed(1)).toEqual({ text: 'PAID', previous: 'WON', by: 'e2' });
  });

  it('tells a change again where the event that told of it has reached nobody', () => {
    const chain = known(RECORD);
    chain.tell(1, 'e1', 'WON');
    chain.tell(2, 'e2', 'PAID');
    expect(chain.confirmed(2)).toBeNull();
    // Refused by a queue.
    chain.lost(1);
    expect(chain.tell(3, 'e1', 'PAID')).toBe('NEW');
    expect(chain.confirmed(3)).toEqual({ text: 'PAID', previous: 'NEW', by: 'e1' });
  });

  it('is sent again as it was where the broker has not answered', () => {
    const chain = known(RECORD);
    expect(chain.tell(1, 'e1', 'WON')).toBe('NEW');
    expect(chain.tell(2, 'e2', 'PAID')).toBe('WON');
    expect(chain.tell(1, 'e1', 'WON')).toBe('NEW');
    chain.confirmed(2);
    expect(chain.confirmed(1)).toEqual({ text: 'PAID', previous: 'WON', by: 'e2' });
  });

  it('keeps what was put on record while it was read', () => {
    const chain = known(RECORD);
    chain.tell(1, 'e1', 'WON');
    chain.confirmed(1);
    chain.load({ text: 'OLD', previous: null, by: 'x' });
    expect(chain.tell(2, 'e2', 'WON')).toBe('WON');
  });

  it('puts nothing on record of an object that was deleted', () => {
    const chain = known(RECORD);
    chain.tell(1, 'e1', 'WON');
    chain.delete();
    expect(chain.confirmed(1)).toBeNull();
  });

  it('never loses a change, whatever the broker answers, in whatever order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ lost: fc.boolean(), wait: fc.nat(3), state: fc.nat(3) }), { maxLength: 12 }),
        (events) => {
          const chain = known({ text: '0', previous: null, by: 'before' });
          // What a consumer believes that hears of changes alone, in the order of confirms.
          const steps: { from: string; to: string }[] = [];
          const open: { seq: number; lost: boolean; left: number; from: string; to: string }[] = [];
          const answer = (at: number) => {
            const [one] = open.splice(at, 1);
            if (one === undefined) return;
            if (one.lost) chain.lost(one.seq);
            else {
              chain.confirmed(one.seq);
              steps.push(one);
            }
          };
          events.forEach(({ lost, wait, state }, index) => {
            const to = String(state);
            const from = chain.tell(index, `e${index}`, to);
            expect(from).not.toBeNull();
            open.push({ seq: index, lost, left: wait, from: from ?? '', to });
            for (let at = open.length - 1; at >= 0; at -= 1) {
              const one = open[at];
              if (one === undefined) continue;
              one.left -= 1;
              if (one.left < 0) answer(at);
            }
          });
          while (open.length > 0) answer(0);
          // One more event, after which all is known.
          const from = chain.tell(1000, 'last', 'end');
          chain.confirmed(1000);
          steps.push({ from: from ?? '', to: 'end' });
          // From where it began to where it ends there is a way over told changes.
          const reached = new Set(['0']);
          for (let round = 0; round < steps.length; round += 1)
            for (const step of steps) if (reached.has(step.from)) reached.add(step.to);
          expect(reached.has('end')).toBe(true);
        },
      ),
      { numRuns: inForm({ full: 2_000, small: 400 }) },
    );
  });
});
