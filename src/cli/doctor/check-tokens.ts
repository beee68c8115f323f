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
  if (splitKeys(keys).length === 0) {
    return [note('tokens', 'they are stored in clear: set TOKEN_ENCRYPTION_KEY (openssl rand -base64 32)')];
  }
  const findings = [ok('tokens', 'they can be read with TOKEN_ENCRYPTION_KEY')];
  const withState = (state: 'clear' | 'old') =>
    rows
      .filter((row) => tokensOf(row).some((token) => vault.sealOf(token) === state))
      .map(({ name }) => name);
  const clear = withState('clear');
  const old = withState('old');
  if (clear.length > 0) {
    findings.push(
      wrong(
        'tokens',
        `those of ${named(clear)} are stored in clear still: restart the service with this TOKEN_ENCRYPTION_KEY, which seals them; backups made before have them in clear`,
      ),
    );
  }
  if (old.length > 0) {
    findings.push(
      note(
        'tokens',
        `those of ${named(old)} are sealed with an old key still: restart the service, which seals them with the first key of TOKEN_ENCRYPTION_KEY; then the old key can go`,
      ),
    );
  } else if (splitKeys(keys).length > 1 && clear.length === 0) {
    findings.push(
      note(
        'tokens',
        'all are sealed with the first key of TOKEN_ENCRYPTION_KEY: the keys behind it can go, unless a backup is to be put back that was made with them',
      ),
    );
  }
  return findings;
}

function tokensOf({ access_token, refresh_token, application_token }: TokenColumns): string[] {
  return [access_token, refresh_token, application_token ?? ''];
}

function named(names: readonly string[]): string {
  const more = names.length - NAMED;
  return `${names.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
