import { type QueuedMessage } from './outgoing.js';

/** Fewer that have left are not worth a copy of those that wait. */
const COMPACT_FROM = 1024;

/** What waits for the channel: first in, first out within a flow; flows take turns, message by message. */
export class MessageQueue {
  /** Sent before and to be sent again, before all others and in the order in which they were sent. */
  private readonly returned = new Flow();
  private readonly flows = new Map<string, Flow>();
  /** Flows in which something waits, in the order of their turns from `turn` on. */
  private readonly waiting: { readonly name: string; readonly flow: Flow }[] = [];
  private turn = 0;

  push(item: QueuedMessage): void {
    const name = item.message.flow ?? '';
    let flow = this.flows.get(name);
    if (flow === undefined) {
      flow = new Flow();
      this.flows.set(name, flow);
      // Its first turn comes next: who has waited for nothing yet is served soon.
      this.waiting.splice(this.turn, 0, { name, flow });
    }
    flow.push(item);
  }

  /** The next message that still wants an answer. */
  peek(): QueuedMessage | undefined {
    const returned = this.returned.peek();
    if (returned !== undefined) return returned;
    for (;;) {
      const current = this.waiting[this.turn];
      if (current === undefined) return undefined;
      const next = current.flow.peek();
      if (next !== undefined) return next;
      this.leave(current.name);
    }
  }

  /** Takes away what {@link peek} gave. */
  shift(): void {
    if (this.returned.peek() !== undefined) return this.returned.shift();
    const current = this.waiting[this.turn];
    if (current === undefined) return;
    current.flow.shift();
    if (current.flow.peek() === undefined) this.leave(current.name);
    else this.turn = (this.turn + 1) % this.waiting.length;
  }

  /** Puts `items`, in their order, before all others. */
  putBack(items: readonly QueuedMessage[]): void {
    this.returned.putBack(items);
  }

  /** Empties the queue. */
  takeAll(): QueuedMessage[] {
    const all = [this.returned, ...this.waiting.map(({ flow }) => flow)].flatMap((flow) => flow.takeAll());
    this.flows.clear();
    this.waiting.length = 0;
    this.turn = 0;
    return all;
  }

  /** The flow whose turn it is has nothing left. */
  private leave(name: string): void {
    this.flows.delete(name);
    this.waiting.splice(this.turn, 1);
    if (this.turn >= this.waiting.length) this.turn = 0;
  }
}

/** First in, first out; cheap with tens of thousands waiting. */
class Flow {
  private items: QueuedMessage[] = [];
  private head = 0;

  push(item: QueuedMessage): void {
    this.items.push(item);
  }

  peek(): QueuedMessage | undefined {
    while (this.items[this.head]?.answered === true) this.shift();
    return this.items[this.head];
  }

  shift(): void {
    this.head += 1;
    // A queue that is never empty must let go of what has left it, too.
    if (this.head >= Math.max(COMPACT_FROM, this.items.length / 2) || this.head >= this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
  }

  putBack(items: readonly QueuedMessage[]): void {
    this.items = [...items, ...this.items.slice(this.head)];
    this.head = 0;
  }

  takeAll(): QueuedMessage[] {
    const rest = this.items.slice(this.head);
    this.items = [];
    this.head = 0;
    return rest;
  }
}
