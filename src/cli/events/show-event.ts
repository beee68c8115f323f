import { type EventMessage, messageOf } from '../../events/event-message.js';
import { parseJson, writeAnyJson } from '../../json/exact-json.js';
import { printable } from '../../logging/printable.js';
import { CommandFailed, type CommandResult } from '../command/command-result.js';
import { type CommandContext } from '../command/command-context.js';
import { describeDelivery, type DescribedDelivery, parseReference } from './describe-event.js';

/** Everything that the ledger knows of an event: each delivery of it, the newest first, and the message. */
export async function showEvent(context: CommandContext, id: string): Promise<CommandResult> {
  const records = await context.admin.find(parseReference(id));
  if (records.length === 0) {
    throw new CommandFailed(
      `the ledger knows no event ${id}: never reserved here, or settled and past LATE_FAILURE_WINDOW_MS`,
    );
  }
  const deliveries = records.map((record) => {
    const portal = context.registry.get(record.member_id);
    return {
      ...describeDelivery(record, portal),
      ...messageOf(record, portal),
      data: parseJson(record.payload),
    };
  });
  return {
    exitCode: 0,
    json: { deliveries },
    text: deliveries.map((delivery) => page(delivery)).join('\n\n'),
  };
}

function page({
  body,
  data,
  unencodable,
  routingKey,
  ...delivery
}: DescribedDelivery & EventMessage & { data: unknown }): string {
  const facts = { ...delivery, routingKey };
  const width = Math.max(...Object.keys(facts).map((name) => name.length));
  const lines = Object.entries(facts).map(
    ([name, value]) => `${name.padEnd(width)}  ${value === null ? '-' : printable(String(value), true)}`,
  );
  const message =
    unencodable === null
      ? `body:\n${writeAnyJson(body, 2)}`
      : `no message can be made of it: ${unencodable}\ndata:\n${writeAnyJson(data, 2)}`;
  return [...lines, message].join('\n');
}
