import { describe, expect, it } from '@jest/globals';
import { peakRssOf, usageOf } from './usage.js';

describe('usage', () => {
  it('reads what this process itself knows of its CPU time and memory', () => {
    // Enough to be told from nothing: a process that runs tests has used that much already.
    while (process.cpuUsage().user < 300_000);
    const { user, system } = process.cpuUsage();
    const usage = usageOf(process.pid);
    expect(usage.cpuSeconds).toBeGreaterThan((user + system) / 1e6 - 0.2);
    expect(usage.cpuSeconds).toBeLessThan((user + system) / 1e6 + 1);
    const resident = process.memoryUsage.rss();
    expect(usage.rssBytes / resident).toBeGreaterThan(0.7);
    expect(usage.rssBytes / resident).toBeLessThan(1.4);
    expect(peakRssOf(process.pid)).toBeGreaterThanOrEqual(resident * 0.9);
  });
});
