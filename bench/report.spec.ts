import { expect, it } from '@jest/globals';
import { asText, type Report, withEarlier } from './report.js';

const machine = (processor: string) => ({
  processor,
  processors: 2,
  memoryGiB: 24,
  node: '20.20.2',
  rabbitmq: '3.10.8',
  loadBefore: 0.5,
});

function report(day: string, values: Readonly<Record<string, number>>): Report {
  return {
    startedAt: `2026-11-${day}T00:00:00.000Z`,
    seconds: 60,
    quick: false,
    runs: 1,
    machine: machine(`Processor ${day}`),
    scenarios: Object.entries(values).map(([name, median]) => ({
      name,
      title: '',
      method: [],
      runs: 1,
      seconds: 60,
      targets: [],
      ratios: [],
      figures: [{ name: 'rate', unit: 'events/s', median, runs: [median] }],
      checks: [],
      series: [],
      profile: null,
    })),
  };
}

it('keeps what it did not measure, and says when and where that was measured', () => {
  const order = ['pipe', 'idle', 'replies', 'latency'];
  const first = withEarlier(
    report('02', { pipe: 2, idle: 2 }),
    report('01', { idle: 1, replies: 1, gone: 1 }),
    order,
  );
  const second = withEarlier(report('03', { latency: 3 }), first, order);
  const lasts = second.scenarios.map(({ name, figures, kept }) => [
    name,
    figures[0]?.median,
    kept?.startedAt.slice(8, 10),
  ]);
  expect(lasts).toEqual([
    ['pipe', 2, '02'],
    ['idle', 2, '02'],
    ['replies', 1, '01'],
    ['latency', 3, undefined],
  ]);
  const text = asText(second);
  expect(text.split('\n').slice(0, 2).join()).toContain('Processor 03');
  expect(text).toContain('measured at 2026-11-01T00:00:00.000Z on 2 × Processor 01');
  expect(text.match(/measured at/g)).toHaveLength(3);
});
