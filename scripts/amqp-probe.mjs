import { connect } from 'node:net';

const PROTOCOL_HEADER = Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1]);
const FRAME_END = 0xce;
const METHOD_FRAME = 1;
/** Class and method ids of AMQP 0-9-1's class `connection`. */
const START = '10.10';
const START_OK = [10, 11];
const TUNE = '10.30';

/**
 * Whether a RabbitMQ answers here and lets this user in: protocol header, Connection.Start, Start-Ok with
 * the credentials, and Connection.Tune in return. A port that is merely open is not a broker.
 */
export function amqpAnswers({
  host = '127.0.0.1',
  port,
  user = 'guest',
  password = 'guest',
  timeoutMs = 3000,
}) {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let received = Buffer.alloc(0);
    const done = (answer) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => done(false), timeoutMs);
    socket.once('connect', () => socket.write(PROTOCOL_HEADER));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const frame = takeFrame(received);
      if (frame === undefined) return;
      received = received.subarray(frame.size);
      if (frame.method === START) socket.write(startOk(user, password));
      else done(frame.method === TUNE);
    });
    socket.once('error', () => done(false));
    socket.once('close', () => done(false));
  });
}

/** The first whole frame; `method` is empty when it is none, for instance another protocol's answer. */
function takeFrame(bytes) {
  if (bytes.length < 8) return undefined;
  if (bytes[0] !== METHOD_FRAME) return { size: bytes.length, method: '' };
  const size = bytes.readUInt32BE(3) + 8;
  if (bytes.length < size) return size > 1_000_000 ? { size: bytes.length, method: '' } : undefined;
  if (bytes[size - 1] !== FRAME_END || size < 12) return { size, method: '' };
  return { size, method: `${bytes.readUInt16BE(7)}.${bytes.readUInt16BE(9)}` };
}

function startOk(user, password) {
  const payload = Buffer.concat([
    shorts(...START_OK),
    sized(4, ''), // no client properties
    sized(1, 'PLAIN'),
    sized(4, `\0${user}\0${password}`),
    sized(1, 'en_US'),
  ]);
  const head = Buffer.alloc(7);
  head.writeUInt8(METHOD_FRAME, 0);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, Buffer.from([FRAME_END])]);
}

function shorts(...values) {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, index) => bytes.writeUInt16BE(value, index * 2));
  return bytes;
}

function sized(lengthBytes, text) {
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(Buffer.byteLength(text), 0, lengthBytes);
  return Buffer.concat([length, Buffer.from(text)]);
}
