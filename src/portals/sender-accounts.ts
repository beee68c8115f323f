import { networksOf } from '../http/network-of.js';
import { type Sender } from '../http/sender.js';

/** The sender for which a request is counted. */
export interface SenderAccounts {
  /** As it is shown in the log. */
  readonly address: string;
  /** The host, and behind a proxy that is not declared, the client that it names. */
  readonly account: string;
  /** The address (of IPv6 its /64), or the proxy, that all such accounts share. */
  readonly host: string;
  /** From the network as a whole to the account: IPv4 by /16, /24 and address, IPv6 by /32, /48 and /64. */
  readonly path: readonly string[];
}

/** An undeclared proxy's headers can be made up by any client, so they only divide what is the host's. */
export function accountsOf({
  exactAddress,
  claimed,
}: Pick<Sender, 'exactAddress' | 'claimed'>): SenderAccounts {
  const networks = networksOf(exactAddress);
  const [, , host] = networks;
  const account = claimed === null ? host : `${host} for ${claimed}`;
  return { address: exactAddress, account, host, path: [...networks, account] };
}
