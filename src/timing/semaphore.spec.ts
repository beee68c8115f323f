import { expect, it } from '@jest/globals';
import { Semaphore } from './semaphore.js';

it('permits go to whoever asked first, and as many as there are', async () => {
  const semaphore = new Semaphore(2);
  const given: string[] = [];
  const ask = (who: string) => semaphore.take().then(() => void given.push(who));
  const all = [ask('a'), ask('b'), ask('c'), ask('d')];
  await Promise.all(all.slice(0, 2));
  expect(given).toEqual(['a', 'b']);
  semaphore.release();
  const late = ask('e');
  await all[2];
  expect(given).toEqual(['a', 'b', 'c']);
  semaphore.release();
  semaphore.release();
  await Promise.all([...all, late]);
  expect(given).toEqual(['a', 'b', 'c', 'd', 'e']);
});

it('a permit that nobody waits for is kept', async () => {
  const semaphore = new Semaphore(1);
  for (let turn = 0; turn < 3; turn += 1) {
    await semaphore.take();
    semaphore.release();
  }
  await semaphore.take();
  let second = false;
  void semaphore.take().then(() => (second = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(second).toBe(false);
});
