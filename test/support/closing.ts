import { afterEach } from '@jest/globals';

interface Closable {
  close(): unknown;
}

/** Closes after each test what it has opened, the latest first. Returns what notes that something is open. */
export function closing(): <T extends Closable>(opened: T) => T {
  const open: Closable[] = [];
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });
  return (opened) => {
    open.push(opened);
    return opened;
  };
}
