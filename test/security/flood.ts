import { Agent, request } from 'node:http';

const AT_ONCE = 60;

/** Posts installations in great numbers, from any loopback address. */
export class Flood {
  private readonly agents = new Map<string, Agent>();
  private stopped = false;

  constructor(private readonly url: string) {}

  /** @returns its answer's status */
  send(from: string, form: string, forwardedFor?: string): Promise<number> {
    let agent = this.agents.get(from);
    if (agent === undefined) this.agents.set(from, (agent = new Agent({ keepAlive: true })));
    return new Promise((resolve, reject) => {
      const outgoing = request(
        new URL('/bitrix24/install', this.url),
        {
          method: 'POST',
          agent,
          localAddress: from,
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            'content-length': form.length,
            ...(forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor }),
          },
        },
        (answer) => {
          answer.resume();
          answer.on('end', () => resolve(answer.statusCode ?? 0));
        },
      );
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        // The server may close an idle connection at the very moment at which it is used again.
        if (outgoing.reusedSocket && error.code === 'ECONNRESET') {
          this.send(from, form, forwardedFor).then(resolve, reject);
        } else reject(error);
      });
      outgoing.end(form);
    });
  }

  /** Sends so many, or as many as it can until it is stopped. @returns how often which status was answered */
  async run(count: number, nth: (n: number) => Parameters<Flood['send']>): Promise<Map<number, number>> {
    const statuses = new Map<number, number>();
    let next = 0;
    const sender = async () => {
      while (next < count && !this.stopped) {
        const status = await this.send(...nth(next++));
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, sender));
    return statuses;
  }

  /** Sends nothing more of what runs. */
  stop(): void {
    this.stopped = true;
  }

  close(): void {
    for (const agent of this.agents.values()) agent.destroy();
  }
}
