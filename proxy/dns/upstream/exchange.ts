/**
 * One question to one server, by UDP, and by TCP when the answer did not fit. Each has a socket of its own, so its port
 * is one that the kernel chose by chance, and nobody else's datagrams reach it.
 *
 * Only an answer with the same id and the same question counts; others are dropped, and the wait goes on.
 */

import dgram from 'node:dgram';
import net from 'node:net';
import type { Clock } from '../../../base/clock.ts';
import { countsOf, flags, headerBytes, maxMessageBytes } from '../message/wire.ts';

export interface ServerAddress {
  readonly address: string;
  readonly port: number;
}

export const formatServer = ({ address, port }: ServerAddress): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/** Resolves with the answer; rejects when there is none in `timeoutMs`, or the server cannot be reached. */
export type Exchange = (server: ServerAddress, message: Buffer, timeoutMs: number) => Promise<Buffer>;

export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

export function createExchange(clock: Clock): Exchange {
  return async (server, message, timeoutMs) => {
    const over = new AbortController();
    const late = clock.sleep(timeoutMs, over.signal).then(() => {
      throw new NoAnswerError(`no answer from ${formatServer(server)} in ${timeoutMs} ms`);
    });
    late.catch(() => undefined); // nobody waits for it any more once there is an answer
    try {
      const answer = await Promise.race([byUdp(server, message, over.signal), late]);
      if ((answer.readUInt16BE(2) & flags.truncated) === 0) return answer;
      return await Promise.race([byTcp(server, message, over.signal), late]);
    } finally {
      over.abort();
    }
  };
}

/** Whether this answers that: the same id, and the same question, whatever the case of its letters. */
export function isAnswerTo(answer: Buffer, message: Buffer): boolean {
  if (answer.length < headerBytes || answer.readUInt16BE(0) !== message.readUInt16BE(0)) return false;
  if ((answer.readUInt16BE(2) & flags.response) === 0 || countsOf(answer).questions !== 1) return false;
  const question = questionOf(message);
  if (answer.length < headerBytes + question.length) return false;
  return isSameQuestion(answer.subarray(headerBytes, headerBytes + question.length), question);
}

/** Of a message that we made: it ends where its only record, for EDNS, begins. */
const questionOf = (message: Buffer): Buffer => message.subarray(headerBytes, message.length - queryEdnsBytes);
export const queryEdnsBytes = 11;

function isSameQuestion(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && one.every((byte, at) => lower(byte) === lower(other.readUInt8(at)));
}

const lower = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte);

/** The addresses are none to be looked up. */
const asItIs = (
  address: string,
  _: unknown,
  callback: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void => callback(null, address, address.includes(':') ? 6 : 4);

function byUdp({ address, port }: ServerAddress, message: Buffer, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = dgram.createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', lookup: asItIs });
    const end = (): void => {
      signal.removeEventListener('abort', end);
      socket.close();
    };
    signal.addEventListener('abort', end, { once: true });
    socket.on('message', (answer) => {
      if (isAnswerTo(answer, message)) resolve(answer);
    });
    socket.on('error', reject);
    // Connected: the kernel takes datagrams of this server only, and says when nobody listens there.
    socket.connect(port, address, () => {
      if (!signal.aborted) socket.send(message);
    });
  });
}

function byTcp({ address, port }: ServerAddress, message: Buffer, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: address, port });
    const end = (): void => {
      signal.removeEventListener('abort', end);
      socket.destroy();
    };
    signal.addEventListener('abort', end, { once: true });
    let received = Buffer.alloc(0);
    socket.on('connect', () => {
      const framed = Buffer.alloc(2 + message.length);
      framed.writeUInt16BE(message.length);
      message.copy(framed, 2);
      socket.write(framed);
    });
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) {
        if (received.length > maxMessageBytes + 2) socket.destroy();
        return;
      }
      const answer = received.subarray(2, 2 + received.readUInt16BE(0));
      if (isAnswerTo(answer, message)) resolve(answer);
      else reject(new NoAnswerError(`${address} answered something else`));
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new NoAnswerError(`${address} closed the connection`)));
  });
}
