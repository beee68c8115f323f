export function pageUs(): number;
export function workersFor(
  workers: { readonly slow: number; readonly quick: number },
  pageUs: number,
): number;
