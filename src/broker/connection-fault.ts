import { type Greeting, greetingOf } from './greeting.js';

/** Where an address leads, as the client library reads it. */
interface BrokerTarget {
  readonly hostname: string;
  readonly port: number;
  readonly tls: boolean;
  readonly user: string;
  readonly vhost: string;
}

/** Reads an address. @throws {TypeError} where it is no URL */
export function brokerTarget(url: string): BrokerTarget {
  const { hostname, port, protocol, username, pathname } = new URL(url);
  const tls = protocol === 'amqps:';
  return {
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (tls ? 5671 : 5672) : Number(port),
    tls,
    // Without a login the client library takes this one.
    user: username === '' ? 'guest' : decoded(username),
    vhost: pathname === '' || pathname === '/' ? '/' : decoded(pathname.slice(1)),
  };
}

const HANDSHAKE_FAILED =
  /frame size|invalid frame|expected \w+; got|closed abruptly|ECONNRESET|^connect ETIMEDOUT$|no answer within/i;
const REFUSED_VHOST = /Expected ConnectionOpenOk|NOT_ALLOWED|access to vhost/i;
const REFUSED_LOGIN = /Login was refused|ACCESS[-_]REFUSED/i;
const NOT_TLS = /ERR_SSL_|wrong version number|packet length too long|EPROTO/i;
const CERTIFICATE =
  /CERT_|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)|ERR_TLS_CERT|self[- ]signed certificate|unable to (?:get|verify)|certificate has expired|does not match certificate/i;
const MAX_WORDS = 200;
const LOOPBACK = /^(?:localhost|127\..*|::1)$/;

/**
 * Why a broker could not be used, as a sentence for people with what to do; what the client library says stands in
 * brackets. Pure.
 * @param words what the client library says, and the error's code
 * @param greeting what spoke at the address, where the handshake failed
 */
export function connectionFault(words: string, target: BrokerTarget, greeting: Greeting | null): string {
  const [sentence, advice] = explain(words, target, greeting);
  const brief = words.replace(/\s+/g, ' ').trim().slice(0, MAX_WORDS);
  return sentence === null ? brief : `${sentence} (${brief}). ${advice}`;
}

/** The same, asking at the address who speaks there where only that tells. */
export async function explainedFault(words: string, url: string): Promise<string> {
  const target = brokerTarget(url);
  const asks = HANDSHAKE_FAILED.test(words) && !REFUSED_VHOST.test(words) && !target.tls;
  return connectionFault(words, target, asks ? await greetingOf(target.hostname, target.port) : null);
}

function explain(
  words: string,
  { hostname, port, tls, user, vhost }: BrokerTarget,
  greeting: Greeting | null,
): readonly [sentence: string | null, advice: string] {
  if (greeting === 'http' || (greeting !== 'amqp' && [15_671, 15_672].includes(port)))
    return [
      'an HTTP server answers there, which looks like the management UI of RabbitMQ',
      'AMQP has a port of its own: 5672, or 5671 with TLS. Correct RABBITMQ_URL',
    ];
  if (greeting === 'tls')
    return ['that port speaks TLS and the address does not', 'Write amqps:// in RABBITMQ_URL'];
  if (REFUSED_VHOST.test(words))
    return [
      `the vhost "${vhost}" is missing, or the user "${user}" is not allowed in it`,
      `See rabbitmqctl list_vhosts and rabbitmqctl list_user_permissions ${user}; the vhost is what follows the port in RABBITMQ_URL`,
    ];
  if (REFUSED_LOGIN.test(words))
    return [
      `the login of the user "${user}" is refused: the name or the password is wrong`,
      user === 'guest' && !LOOPBACK.test(hostname)
        ? 'RabbitMQ lets guest in from its own machine only: make a user (rabbitmqctl add_user) and name it in RABBITMQ_URL'
        : `Try rabbitmqctl authenticate_user ${user}; special characters are percent-encoded in RABBITMQ_URL`,
    ];
  if (tls && CERTIFICATE.test(words))
    return [
      'its certificate is not accepted',
      'Where a private authority has signed it, name its file in NODE_EXTRA_CA_CERTS; the host in RABBITMQ_URL has to be one that the certificate names',
    ];
  if (tls && NOT_TLS.test(words))
    return [
      'that port does not speak TLS',
      'Use the port for TLS (usually 5671), or amqp:// in RABBITMQ_URL without TLS',
    ];
  if (/ECONNREFUSED/.test(words)) return ['nothing listens there', 'Start RabbitMQ, or correct RABBITMQ_URL'];
  if (/ENOTFOUND|EAI_AGAIN/.test(words))
    return [`the host name "${hostname}" cannot be resolved`, 'Correct RABBITMQ_URL, or look at the DNS'];
  if (/EHOSTUNREACH|ENETUNREACH/.test(words))
    return ['no network leads there', 'Look at the network, firewalls, and RABBITMQ_URL'];
  if (greeting === 'other') return ['what answers there is not RabbitMQ', 'Correct RABBITMQ_URL'];
  if (/ECONNRESET|closed abruptly/.test(words))
    return [
      'the connection is reset before RabbitMQ has greeted',
      'Look at RABBITMQ_URL, at firewalls between, and into the log of RabbitMQ',
    ];
  if (/ETIMEDOUT|no answer within/.test(words))
    return ['no answer', 'Look at the network and firewalls, and whether RabbitMQ is overloaded'];
  return [null, ''];
}

/** Why the broker takes no messages, with what to do. `reason` is the broker's, such as `low on disk`. */
export function blockedFault(reason: string): string {
  return (
    `RabbitMQ takes no messages at present: it is ${reason}. Free memory or disk on its machine ` +
    '(rabbitmqctl status lists the alarms); everything goes on by itself then'
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
