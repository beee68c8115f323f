import { decoded } from './broker-login.js';
import { Phrase } from '../i18n/translate.js';
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
export function connectionFault(words: string, target: BrokerTarget, greeting: Greeting | null): Phrase {
  const brief = words.replace(/\s+/g, ' ').trim().slice(0, MAX_WORDS);
  const explained = explain(words, target, greeting);
  if (explained === null) return Phrase.of('fault.unexplained', { words: brief });
  const [sentence, advice] = explained;
  return Phrase.of('fault.explained', { sentence, words: brief, advice });
}

/**
 * The same, asking at the address who speaks there where only that tells.
 * @param hide takes credentials out of what is shown
 */
export async function explainedFault(
  words: string,
  url: string,
  hide: (text: string) => string,
): Promise<Phrase> {
  const target = brokerTarget(url);
  const asks = HANDSHAKE_FAILED.test(words) && !REFUSED_VHOST.test(words) && !target.tls;
  const greeting = asks ? await greetingOf(target.hostname, target.port) : null;
  return connectionFault(
    hide(words),
    { ...target, user: hide(target.user), vhost: hide(target.vhost) },
    greeting,
  );
}

function explain(
  words: string,
  { hostname, port, tls, user, vhost }: BrokerTarget,
  greeting: Greeting | null,
): readonly [sentence: Phrase, advice: Phrase] | null {
  const setting = 'RABBITMQ_URL';
  if (greeting === 'http' || (greeting !== 'amqp' && [15_671, 15_672].includes(port)))
    return [Phrase.of('fault.http'), Phrase.of('fault.http.advice')];
  if (greeting === 'tls') return [Phrase.of('fault.tlsOnly'), Phrase.of('fault.tlsOnly.advice')];
  if (REFUSED_VHOST.test(words))
    return [Phrase.of('fault.vhost', { vhost, user }), Phrase.of('fault.vhost.advice', { user })];
  if (REFUSED_LOGIN.test(words))
    return [
      Phrase.of('fault.login', { user }),
      user === 'guest' && !LOOPBACK.test(hostname)
        ? Phrase.of('fault.guest.advice')
        : Phrase.of('fault.login.advice', { user }),
    ];
  if (tls && CERTIFICATE.test(words))
    return [Phrase.of('fault.certificate'), Phrase.of('fault.certificate.advice')];
  if (tls && NOT_TLS.test(words)) return [Phrase.of('fault.notTls'), Phrase.of('fault.notTls.advice')];
  if (/ECONNREFUSED/.test(words)) return [Phrase.of('fault.nobody'), Phrase.of('fault.nobody.broker')];
  if (/ENOTFOUND|EAI_AGAIN/.test(words))
    return [Phrase.of('fault.host', { host: hostname }), Phrase.of('fault.host.advice', { setting })];
  if (/EHOSTUNREACH|ENETUNREACH/.test(words))
    return [Phrase.of('fault.noRoute'), Phrase.of('fault.noRoute.advice', { setting })];
  if (greeting === 'other') return [Phrase.of('fault.stranger'), Phrase.of('fault.correct', { setting })];
  if (/ECONNRESET|closed abruptly/.test(words))
    return [Phrase.of('fault.reset'), Phrase.of('fault.reset.advice')];
  if (/ETIMEDOUT|no answer within/.test(words))
    return [Phrase.of('fault.silent'), Phrase.of('fault.silent.advice')];
  return null;
}

/** Why the broker takes no messages, with what to do. `reason` is the broker's, such as `low on disk`. */
export function blockedFault(reason: string): Phrase {
  return Phrase.of('fault.blocked', { reason });
}
