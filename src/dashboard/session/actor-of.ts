import { type Actor } from '../../audit/actor.js';
import { senderOf, trustOf } from '../../http/sender.js';
import { type DashboardRequest } from './dashboard-request.js';

/** Who pressed a button: the user that the proxy names; with one password for all there is no name. */
export function actorOf(request: DashboardRequest): Actor {
  return {
    kind: 'dashboard',
    name: request.session?.user ?? null,
    address: senderOf(request, trustOf(request)).exactAddress,
  };
}
