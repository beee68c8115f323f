import { topicOf } from './topics.js';

/**
 * The routing key of an event, unless a hook makes another.
 * @param portal the portal's name
 * @param event the event's code on the portal
 */
export function standardRoutingKey(portal: string, event: string): string {
  return `${portal}.${topicOf(event)}`;
}
