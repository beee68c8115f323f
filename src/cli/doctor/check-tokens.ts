import { Phrase } from '../../i18n/translate.js';
import { type PortalRow } from '../../portals/portal-record.js';
import { splitKeys, type TokenVault } from '../../portals/token-vault.js';
import { type Finding, note, ok, wrong } from '../command/findings.js';

type TokenColumns = Pick<PortalRow, 'name' | 'access_token' | 'refresh_token' | 'application_token'>;

/** Portals named in one finding. */
const NAMED = 5;

/** How the stored tokens are sealed: still in clear, with an old key, or so that an old key can go. */
export function tokenFindings(
  rows: readonly TokenColumns[],
  vault: TokenVault,
  keys: string | undefined,
): Finding[] {
  if (splitKeys(keys).length === 0) return [note('tokens', Phrase.of('doctor.tokensClear'))];
  const findings = [ok('tokens', Phrase.of('doctor.tokensRead'))];
  const withState = (state: 'clear' | 'old') =>
    rows
      .filter((row) => tokensOf(row).some((token) => vault.sealOf(token) === state))
      .map(({ name }) => name);
  const clear = withState('clear');
  const old = withState('old');
  if (clear.length > 0)
    findings.push(wrong('tokens', Phrase.of('doctor.tokensClearStill', { portals: named(clear) })));
  if (old.length > 0)
    findings.push(note('tokens', Phrase.of('doctor.tokensOldKey', { portals: named(old) })));
  else if (splitKeys(keys).length > 1 && clear.length === 0)
    findings.push(note('tokens', Phrase.of('doctor.keysCanGo')));
  return findings;
}

function tokensOf({ access_token, refresh_token, application_token }: TokenColumns): string[] {
  return [access_token, refresh_token, application_token ?? ''];
}

function named(names: readonly string[]): string | Phrase {
  const more = names.length - NAMED;
  const first = names.slice(0, NAMED).join(', ');
  return more > 0 ? Phrase.of('doctor.names', { first, more }) : first;
}
