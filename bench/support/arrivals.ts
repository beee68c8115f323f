import { type ConsumeMessage } from 'amqplib';

/** Which changes have arrived; small enough to remember a million, and it reads no body. */
export class Arrivals {
  private readonly rows = new Map<string, Set<number>>();
  distinct = 0;
  repeated = 0;

  add({ properties }: ConsumeMessage): void {
    // <member id>-<row>-<time of change>
    const [member = '', row] = String(properties.messageId).split('-');
    let rows = this.rows.get(member);
    if (rows === undefined) this.rows.set(member, (rows = new Set()));
    const before = rows.size;
    rows.add(Number(row));
    if (rows.size > before) this.distinct += 1;
    else this.repeated += 1;
  }
}
