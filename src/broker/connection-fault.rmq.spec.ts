import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, it } from '@jest/globals';
import { BrokerAddresses } from './addresses.js';
import { connectOnce, NoBroker } from './connect-once.js';
import { blockedFault, brokerTarget, connectionFault } from './connection-fault.js';
import { greetingOf } from './greeting.js';

const RABBITMQ = new URL(process.env['RABBITMQ_URL']?.split(',')[0] ?? 'amqp://guest:guest@127.0.0.1:5672');

const reasonFrom = async (change: (url: URL) => void) => {
  const url = new URL(RABBITMQ);
  change(url);
  const error: unknown = await connectOnce([url.href], 2000).catch((failure: unknown) => failure);
  if (!(error instanceof NoBroker)) throw new Error('a broker was found');
  return error.message;
};

/** A port of this machine, wherever the RabbitMQ of the tests is. */
const here = (port: number) => (url: URL) => {
  url.hostname = '127.0.0.1';
  url.port = String(port);
};

describe('a broker that cannot be used is explained', () => {
  let server: Server | null = null;
  const portOf = async (listening: Server) => {
    server = listening;
    listening.listen(0, '127.0.0.1');
    await once(listening, 'listening');
    return (listening.address() as AddressInfo).port;
  };
  afterEach(() => {
    server?.close();
    server = null;
  });

  it('by a real RabbitMQ: a wrong password, which is not repeated', async () => {
    const reason = await reasonFrom((url) => {
      url.username = 'operator';
      url.password = 'not-the-password';
    });
    expect(reason).toContain(
      'the login of the user "operator" is refused: the name or the password is wrong',
    );
    expect(reason).toContain('rabbitmqctl authenticate_user operator');
    expect(reason).not.toContain('not-the-password');
  });

  it('by a real RabbitMQ: a vhost that is missing', async () => {
    expect(await reasonFrom((url) => (url.pathname = '/no%20such'))).toContain(
      `the vhost "no such" is missing, or the user "${RABBITMQ.username}" is not allowed in it`,
    );
  });

  it('by a real RabbitMQ: TLS where there is none', async () => {
    const reason = await reasonFrom((url) => {
      // The URL standard lets nobody change such a scheme in place.
      url.href = url.href.replace(/^amqp:/, 'amqps:');
      if (url.port === '') url.port = '5672';
    });
    expect(reason).toContain('that port does not speak TLS');
    expect(reason).toContain('amqp:// in RABBITMQ_URL');
  });

  it('the port of the management UI, wherever it is', async () => {
    const port = await portOf(createServer((_request, response) => response.end('RabbitMQ Management')));
    const reason = await reasonFrom(here(port));
    expect(reason).toContain('an HTTP server answers there, which looks like the management UI');
    expect(reason).toContain('AMQP has a port of its own: 5672');
  });

  it('a port that wants TLS', async () => {
    const port = await portOf(createTlsServer({}));
    expect(await greetingOf('127.0.0.1', port)).toBe('tls');
    expect(await reasonFrom(here(port))).toContain('Write amqps://');
  });

  it('another program, and one that says nothing', async () => {
    const chatty = await portOf(
      createTcpServer((socket) => socket.resume().end('220 mail.example ESMTP\r\n')),
    );
    expect(await reasonFrom(here(chatty))).toContain('what answers there is not RabbitMQ');
    server?.close();
    const silent = await portOf(createTcpServer((socket) => socket.on('error', () => undefined).resume()));
    expect(await reasonFrom(here(silent))).toContain('no answer');
  });

  it('nobody listens, or the name is unknown', async () => {
    const port = await portOf(createTcpServer());
    server?.close();
    server = null;
    const refused = await reasonFrom(here(port));
    expect(refused).toContain('nothing listens there');
    expect(refused).toContain('ECONNREFUSED');
    expect(await reasonFrom((url) => (url.hostname = 'no-such-host.invalid'))).toContain(
      'the host name "no-such-host.invalid" cannot be resolved',
    );
  });

  it('guest from another machine, which RabbitMQ never lets in', () => {
    const words = 'Handshake terminated by server: 403 (ACCESS-REFUSED)';
    const remote = brokerTarget('amqp://guest:guest@rabbit.example');
    expect(connectionFault(words, remote, null).in('en')).toContain(
      'RabbitMQ lets guest in from its own machine only',
    );
  });

  it.each([
    'DEPTH_ZERO_SELF_SIGNED_CERT: self-signed certificate',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE: unable to verify the first certificate',
    'CERT_HAS_EXPIRED: certificate has expired',
    "ERR_TLS_CERT_ALTNAME_INVALID: Hostname/IP does not match certificate's altnames",
  ])('a certificate that is not accepted: %s', (words) => {
    const reason = connectionFault(words, brokerTarget('amqps://u:p@rabbit.example'), null).in('en');
    expect(reason).toContain('its certificate is not accepted');
    expect(reason).toContain('NODE_EXTRA_CA_CERTS');
  });

  it('what is not known stays in the words of the client library', () => {
    expect(connectionFault('something new', brokerTarget('amqp://rabbit.example'), null).in('en')).toBe(
      'something new',
    );
    expect(blockedFault('low on disk').in('en')).toContain('it is low on disk. Free memory or disk');
  });

  it('without the password, even where the server repeats it', async () => {
    const addresses = new BrokerAddresses(['amqp://u:geheim77@127.0.0.1:1']);
    const reason = await addresses.explain(new Error('no geheim77 here'), 'amqp://u:geheim77@127.0.0.1:1');
    expect(reason.in('en')).toBe('no *** here');
  });
});
