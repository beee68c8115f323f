import { expect, it } from '@jest/globals';
import { Semaphore } from './semaphore.js';

it('slots go to whoever asked first, and as many as there are', async () => {
  const slots = new Semaphore(2);
  const given: string[] = [];
  const ask = (who: string) => slots.take().then(() => void given.push(who));
  const all = [ask('a'), ask('b'), ask('c'), ask('d')];
  await Promise.all(all.slice(0, 2));
  expect(given).toEqual(['a', 'b']);
  slots.release();
  const late = ask('e');
  await all[2];
  expect(given).toEqual(['a', 'b', 'c']);
  slots.release();
  slots.release();
  await Promise.all([...all, late]);
  expect(given).toEqual(['a', 'b', 'c', 'd', 'e']);
});

it('a slot that nobody waits for is kept', async () => {
  const slots = new Semaphore(1);
  for (let turn = 0; turn < 3; turn += 1) {
    await slots.take();
    slots.release();
  }
  await slots.take();
  let second = false;
  void slots.take().then(() => (second = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(second).toBe(false);
});
