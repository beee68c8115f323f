import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** What speaks at an address: RabbitMQ, an HTTP server, a server that wants TLS, something else, or nothing. */
export type Greeting = 'amqp' | 'http' | 'tls' | 'other' | 'silent';

/** AMQP's opening, and an empty line, at which a server that waits for an HTTP request answers. */
const OPENING = Buffer.from('AMQP\x00\x00\x09\x01\r\n\r\n', 'latin1');
const TLS_ALERT = 0x15;
const METHOD_FRAME = 0x01;

/**
 * Says hello in plain AMQP and looks at the first bytes that come back. The client library only tells that the
 * handshake failed, and people then look for the fault in the wrong place. Never rejects.
 */
export async function greetingOf(host: string, port: number, timeoutMs = 1500): Promise<Greeting> {
  const greeting = await plainGreeting(host, port, timeoutMs);
  // A TLS server hangs up on what is no TLS, most of them without a word.
  return greeting === 'other' && (await speaksTls(host, port, timeoutMs)) ? 'tls' : greeting;
}

function plainGreeting(host: string, port: number, timeoutMs: number): Promise<Greeting> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const done = (greeting: Greeting) => {
      socket.destroy();
      resolve(greeting);
    };
    socket.setTimeout(timeoutMs, () => done('silent'));
    socket.once('connect', () => socket.write(OPENING));
    socket.once('data', (bytes) => done(speakerOf(bytes)));
    socket.once('end', () => done('other'));
    socket.once('error', () => done('silent'));
  });
}

/** Whether a TLS handshake is answered, be it with a refusal; nothing is sent over it. */
function speaksTls(host: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTls({ host, port, rejectUnauthorized: false });
    const done = (speaks: boolean) => {
      socket.destroy();
      resolve(speaks);
    };
    socket.setTimeout(timeoutMs, () => done(false));
    socket.once('secureConnect', () => done(true));
    socket.once('end', () => done(false));
    socket.once('error', (error: Error) => done('code' in error && /ALERT/.test(String(error.code))));
  });
}

function speakerOf(bytes: Buffer): Greeting {
  const text = bytes.toString('latin1', 0, 5);
  if (text === 'HTTP/') return 'http';
  if (text.startsWith('AMQP') || bytes[0] === METHOD_FRAME) return 'amqp';
  return bytes[0] === TLS_ALERT ? 'tls' : 'other';
}
