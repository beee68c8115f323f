import { type EventMessage, messageOf } from '../../inspection/event-message.js';
import { CommandFailed, type CommandResult } from '../command-result.js';
import { type Workbench } from '../workbench.js';
import { describeDelivery, type DescribedDelivery, parseReference } from './describe-event.js';

/** Everything that the ledger knows of an event: each delivery of it, the newest first, and the message. */
export async function showEvent(bench: Workbench, id: string): Promise<CommandResult> {
  const records = await bench.admin.find(parseReference(id));
  if (records.length === 0) {
    throw new CommandFailed(
      `the ledger knows no event ${id}: never reserved here, or settled and past LATE_FAILURE_WINDOW_MS`,
    );
  }
  const deliveries = records.map((record) => {
    const portal = bench.registry.get(record.member_id);
    return {
      ...describeDelivery(record, portal),
      ...messageOf(record, portal),
      data: JSON.parse(record.payload) as unknown,
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
    ([name, value]) => `${name.padEnd(width)}  ${value === null ? '-' : String(value)}`,
  );
  const message =
    unencodable === null
      ? `body:\n${JSON.stringify(body, null, 2)}`
      : `no message can be made of it: ${unencodable}\ndata:\n${JSON.stringify(data, null, 2)}`;
  return [...lines, message].join('\n');
}
