import { type EventMessage, messageOf } from '../../events/event-message.js';
import { parseJson, writeAnyJson } from '../../json/exact-json.js';
import { printable } from '../../logging/printable.js';
import { CommandFailed, type CommandResult } from '../command/command-result.js';
import { type CommandContext } from '../command/command-context.js';
import { describeFound } from './find-events.js';
import { describeStep, timelineText } from './timeline-text.js';
import { describeDelivery, type DescribedDelivery, parseReference } from './describe-event.js';

/**
 * Everything that is known of an event: each delivery of it that the ledger has, the newest first, with the message; and
 * what happened to it, over all of them.
 */
export async function showEvent(context: CommandContext, id: string): Promise<CommandResult> {
  const records = await context.admin.find(parseReference(id));
  const timeline = await context.search.timeline(id);
  if (records.length === 0 && timeline === null) {
    throw new CommandFailed(
      `nothing is known of the event ${id}: never reserved here, or settled and forgotten since (HISTORY_DAYS)`,
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
    json: {
      deliveries,
      history: timeline?.deliveries.filter(({ isHistory }) => isHistory).map(describeFound) ?? [],
      timeline: timeline?.entries.map(describeStep) ?? [],
    },
    text: [
      ...deliveries.map((delivery) => page(delivery)),
      ...(timeline === null ? [] : [timelineText(timeline)]),
    ].join('\n\n'),
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
