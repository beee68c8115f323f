import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';

/** A server that remembers who called it; by default it answers everything with 200 and `{}`. */
export class Canary {
  readonly calls: { method: string; url: string; body: string }[] = [];

  private constructor(private readonly server: Server) {}

  static async open(
    answer: (request: IncomingMessage, response: ServerResponse, body: string) => void = (
      _request,
      response,
    ) => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
  ): Promise<Canary> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        canary.calls.push({ method: request.method ?? '', url: request.url ?? '', body });
        answer(request, response, body);
      });
    });
    const canary = new Canary(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return canary;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get host(): string {
    return new URL(this.url).host;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }
}
