/**
 * How long one address of a server is tried before the next one is, ms. Where a name has several addresses, Node gives
 * each but the last 250 ms and then ends the attempt: a server farther away, or a process that is busy for so long, would
 * not connect. Within this, a lost packet that asks for the connection is sent again (RFC 6298 waits 1 s).
 */
export const CONNECT_ATTEMPT_MS = 2_000;
