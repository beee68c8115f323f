/** A time of the future counts as elapsed: the clock was set back. */
export function elapsed(since: number, now: number, span: number): boolean {
  return now - since >= span || since > now;
}
