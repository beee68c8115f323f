/**
 * Suites that load or search for long have two forms: the full one in `npm run test:long` (jest.long.config.mjs names
 * them), and a smaller one in `npm test`, true as well.
 */
const FULL = process.env['TEST_FORM'] === 'full';

export function inForm<T>(form: { readonly full: T; readonly small: T }): T {
  return FULL ? form.full : form.small;
}
