import { isObject, textOf } from '../../bitrix24/json-values.js';
import { PortalError } from '../../bitrix24/errors.js';
import { type PortalClient } from '../../bitrix24/portal-client.js';

/** For whom the application acts on a portal, asked once; null where the portal does not tell. */
export class OwnUser {
  private known: string | null | undefined;

  constructor(private readonly client: Pick<PortalClient, 'call'>) {}

  async read(signal: AbortSignal): Promise<string | null> {
    if (this.known !== undefined) return this.known;
    try {
      const { result } = await this.client.call('profile', {}, { signal, beside: true });
      this.known = (isObject(result) && textOf(result['ID'])) || null;
    } catch (error) {
      if (!(error instanceof PortalError)) throw error;
      // The likely cause of a change is all that depends on it.
      if (error.action !== 'bug' && error.action !== 'configuration') return null;
      this.known = null;
    }
    return this.known;
  }
}
