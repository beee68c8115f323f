/** The first whole number that JavaScript cannot hold, and so no odd one beyond it. */
const BEYOND = 9_007_199_254_740_993n;

/** Data of the nth object whose numbers JavaScript would change, as the portal prints it. */
export function oddNumbers(n: number): string {
  return `{"FIELDS":{"ID":${BEYOND + 2n * BigInt(n)},"SUM":100.00,"RATE":1.0}}`;
}

/** Whether an event of such an object has other numbers in its data, or another id in its subject. */
export function isSpoilt(text: string, subject: string): boolean {
  if (!text.includes('"SUM"')) return false;
  const id = /"data":\{"FIELDS":\{"ID":(\d*[13579]),"SUM":100\.00,"RATE":1\.0\}\}/.exec(text)?.[1];
  return id === undefined || subject !== `crm.deal/${id}`;
}
