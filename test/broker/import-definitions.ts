import { type PrivateRabbitmq } from '../../scripts/rabbitmq.mjs';

/** Users, rights and policies for a node, in the form of a definitions file. */
export function importDefinitions(node: PrivateRabbitmq, definitions: object): Promise<void> {
  const text = Buffer.from(JSON.stringify(definitions)).toString('base64');
  return node.eval(`ok = rabbit_definitions:import_raw(base64:decode("${text}")).`);
}
