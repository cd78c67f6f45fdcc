import { anything, assert, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJobCommand, parseJobEvent } from '../../../src/contract/job-messages.ts';
import { parseProbeResult } from '../../../src/contract/probe-messages.ts';

describe('messages between processes', () => {
  it('are taken by their kind', () => {
    expect(parseJobCommand({ kind: 'stop' })).toEqual({ kind: 'stop' });
    expect(parseJobEvent({ kind: 'hello', pid: 7 })).toEqual({ kind: 'hello', pid: 7 });
    expect(parseProbeResult('{"kind":"unreachable","reason":"no answer"}')).toMatchObject({ reason: 'no answer' });
  });

  it.each([undefined, null, 7, 'stop', [], {}, { kind: 'hello ' }, { kind: 7 }, { kind: 'toString' }])(
    '%j is none',
    (message) => {
      expect(parseJobCommand(message)).toBeUndefined();
      expect(parseJobEvent(message)).toBeUndefined();
    },
  );

  it('of one direction are none of the other', () => {
    expect(parseJobCommand({ kind: 'hello', pid: 7 })).toBeUndefined();
    expect(parseJobEvent({ kind: 'stop' })).toBeUndefined();
  });

  it('never throw, whatever arrives', () => {
    assert(
      property(anything(), (message) => {
        parseJobCommand(message);
        parseJobEvent(message);
        expect(['found', 'unreachable', 'failed', undefined]).toContain(
          parseProbeResult(JSON.stringify({ kind: message }))?.kind,
        );
      }),
    );
  });

  it('a probe’s text that is none is undefined', () => {
    expect(parseProbeResult('')).toBeUndefined();
    expect(parseProbeResult('{"kind":"fou')).toBeUndefined();
    expect(parseProbeResult('{"kind":"other"}')).toBeUndefined();
    expect(parseProbeResult('{"kind":["found"]}')).toBeUndefined();
    expect(parseProbeResult('{"kind":{"toString":0}}')).toBeUndefined();
  });
});
