import { describe, expect, it } from '@jest/globals';
import {
  OutcomeUnknown,
  type PortalError,
  PortalFailed,
  PortalThrottled,
  RequestRefused,
} from '../../bitrix24/errors.js';
import { type RoundCommandResult } from './round-command-result.js';
import { freshMarking, type Marking, MARKS_AGAIN_MS } from './mark-memory.js';
import { batchesGivenUp, MARK_ATTEMPTS, marksLost, noteMarks, pauseMarks } from './marking.js';
import { type RoundCommand } from './round-command.js';

const NOW = 1_721_298_751_000;
const DETAILS = { method: 'event.offline.error', code: 'ERROR_CORE' };
const UNKNOWN = new PortalFailed(DETAILS);
const REFUSED = new RequestRefused(DETAILS);
type Result = RoundCommandResult<PortalError>;

const mark = (processId: string, ...messageIds: string[]): RoundCommand => ({
  kind: 'mark',
  processId,
  messageIds,
});
const failed = (command: RoundCommand, failure: PortalError): Result => ({
  command,
  failed: true,
  failure,
});
const done = (command: RoundCommand): Result => ({ command, failed: false });
const seen = (processId: string, ...held: string[]): Result => ({
  command: { kind: 'verify', processId },
  failed: false,
  events: held.map((messageId) => ({
    rowId: '1',
    messageId,
    changedAt: 0,
    event: 'ONX',
    data: null,
    userId: null,
  })),
});
const note = (marking: Marking, ...results: Result[]) =>
  noteMarks(marking, results, NOW, (failures) => failures * 1000);

describe('marks that fail', () => {
  it('count at once where they are refused', () => {
    const marking = freshMarking();
    expect(note(marking, failed(mark('p1', 'm1'), REFUSED))).toMatchObject({ made: false, failed: 1 });
    expect(marking.notBefore).toBe(NOW + 1000);
    expect(note(marking, failed(mark('p1', 'm1'), REFUSED))).toMatchObject({ failed: 2 });
    expect(marking.notBefore).toBe(NOW + 2000);
    expect(marking.reason).toBe(REFUSED.message);
  });

  it('count once it is seen that they were not made, where their outcome is unknown', () => {
    const marking = freshMarking();
    expect(note(marking, failed(mark('p1', 'm1', 'm2'), UNKNOWN))).toMatchObject({ made: false, failed: 0 });
    expect(note(marking, seen('p1', 'm2', 'm3'))).toMatchObject({ made: false, failed: 1 });
    // Looked at again it says nothing new.
    expect(note(marking, seen('p1', 'm2', 'm3'))).toMatchObject({ made: false, failed: 0 });
  });

  it('do not count where it is seen that they were made', () => {
    const marking = freshMarking();
    note(marking, failed(mark('p1', 'm1'), REFUSED));
    note(marking, failed(mark('p1', 'm1'), UNKNOWN));
    expect(note(marking, seen('p1', 'm3'))).toMatchObject({ made: true, madeUntold: true, failed: 0 });
    expect(marking.inARow).toBe(0);
  });

  it('begin anew after one that was made', () => {
    const marking = freshMarking();
    for (let count = 1; count < MARK_ATTEMPTS; count += 1) note(marking, failed(mark('p1', 'm1'), REFUSED));
    expect(note(marking, done(mark('p1', 'm1')))).toMatchObject({ made: true, madeUntold: false });
    expect(note(marking, failed(mark('p1', 'm1'), REFUSED)).failed).toBe(1);
  });

  it('count where the look before them fails', () => {
    const marking = freshMarking();
    const verify: RoundCommand = { kind: 'verify', processId: 'p1' };
    expect(note(marking, failed(verify, UNKNOWN)).failed).toBe(1);
  });

  it('do not count where other commands fail as well, or only have to wait', () => {
    const marking = freshMarking();
    const reserve: RoundCommand = { kind: 'reserve', limit: 1 };
    const both = [failed(reserve, UNKNOWN), failed(mark('p1', 'm1'), REFUSED)];
    expect(note(marking, ...both).failed).toBe(0);
    const throttled = new PortalThrottled(DETAILS, NOW + 1000);
    expect(note(marking, failed(mark('p1', 'm1'), throttled)).failed).toBe(0);
    expect(note(marking, failed(reserve, throttled), failed(mark('p1', 'm1'), REFUSED)).failed).toBe(1);
  });

  it('with the whole request count when they are looked at, unless other requests are lost, too', () => {
    const marking = freshMarking();
    const commands = [{ kind: 'reserve', limit: 1 } as const, mark('p1', 'm1')];
    marksLost(marking, commands);
    expect(note(marking, seen('p1', 'm1')).failed).toBe(1);
    marksLost(marking, commands);
    marksLost(marking, [{ kind: 'reserve', limit: 1 }]);
    expect(note(marking, seen('p1', 'm1')).failed).toBe(0);
  });

  it('of one batch are given up for an hour, where others are made', () => {
    const marking = freshMarking();
    for (let count = 1; count < MARK_ATTEMPTS; count += 1) {
      const { givenUp } = note(marking, done(mark('p2', 'm2')), failed(mark('p1', 'm1'), REFUSED));
      expect(givenUp).toEqual([]);
    }
    const last = note(marking, done(mark('p2', 'm2')), failed(mark('p1', 'm1'), REFUSED));
    expect(last).toEqual({ made: true, madeUntold: false, failed: 0, givenUp: ['p1'] });
    expect([...batchesGivenUp(marking, NOW)]).toEqual(['p1']);
    expect([...batchesGivenUp(marking, NOW + MARKS_AGAIN_MS)]).toEqual([]);
  });

  it('are not tried for an hour when they have failed for good', () => {
    const marking = freshMarking();
    marksLost(marking, [mark('p1', 'm1')]);
    pauseMarks(marking, NOW);
    expect(marking.notBefore).toBe(NOW + MARKS_AGAIN_MS);
    expect(note(marking, seen('p1', 'm1')).failed).toBe(0);
  });

  it('are unknown where the answer lacks them', () => {
    const marking = freshMarking();
    const lacking = new OutcomeUnknown({ ...DETAILS, code: 'NOT_ANSWERED' });
    expect(note(marking, failed(mark('p1', 'm1'), lacking)).failed).toBe(0);
    expect(note(marking, seen('p1', 'm1')).failed).toBe(1);
  });
});
