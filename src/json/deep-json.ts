import { ExactNumber } from './exact-number.js';

/** What is still to be written: a text as it is, or a value. */
type Step = { readonly text: string } | { readonly value: unknown };

/** Whether maps and lists are nested deeper than that, `levels` being few enough for a recursion. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return false;
  if (levels === 0) return true;
  for (const part of Array.isArray(value) ? (value as unknown[]) : Object.values(value)) {
    if (isDeeperThan(part, levels - 1)) return true;
  }
  return false;
}

/**
 * Writes what was read from JSON, however deep it is nested: without a recursion, and without the forms that other
 * values than those of JSON have.
 */
export function writeDeep(root: unknown): string {
  let text = '';
  const steps: Step[] = [{ value: root }];
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    if ('text' in step) text += step.text;
    else if (step.value instanceof ExactNumber) text += step.value.text;
    else if (Array.isArray(step.value)) {
      text += '[';
      pushReversed(
        steps,
        (step.value as unknown[]).map((value) => ['', value]),
        ']',
      );
    } else if (typeof step.value === 'object' && step.value !== null) {
      text += '{';
      const members = Object.entries(step.value).filter(([, value]) => value !== undefined);
      pushReversed(
        steps,
        members.map(([key, value]) => [`${JSON.stringify(key)}:`, value]),
        '}',
      );
    } else text += (JSON.stringify(step.value) as string | undefined) ?? 'null';
  }
  return text;
}

/** The last one first, since what was pushed last is written next. */
function pushReversed(steps: Step[], parts: readonly (readonly [string, unknown])[], end: string): void {
  steps.push({ text: end });
  for (let at = parts.length - 1; at >= 0; at -= 1) {
    const [before, value] = parts[at] ?? ['', null];
    steps.push({ value }, { text: `${at === 0 ? '' : ','}${before}` });
  }
}
