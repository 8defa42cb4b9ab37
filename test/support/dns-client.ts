/** Asks a DNS server over real sockets, and plays one. */

import dgram from 'node:dgram';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';

const patienceMs = 5_000;

export interface DnsPlace {
  readonly address: string;
  readonly port: number;
}

/** The answer to whatever bytes these are; undefined when there is none within `waitMs`. */
export async function askByUdp(place: DnsPlace, message: Buffer, waitMs = patienceMs): Promise<Buffer | undefined> {
  const socket = dgram.createSocket('udp4');
  try {
    const answered = once(socket, 'message', { signal: AbortSignal.timeout(waitMs) });
    socket.send(message, place.port, place.address);
    const [answer]: unknown[] = await answered;
    return Buffer.isBuffer(answer) ? answer : undefined;
  } catch {
    return undefined;
  } finally {
    socket.close();
  }
}

/** What comes back on one connection for these bytes, which frame messages or not, until it is closed or still. */
export async function talkByTcp(
  place: DnsPlace,
  bytes: Buffer,
  isEnough: (answer: Buffer) => boolean,
): Promise<Buffer> {
  const socket = net.connect({ host: place.address, port: place.port });
  socket.setTimeout(patienceMs, () => socket.destroy());
  let answer = Buffer.alloc(0);
  const over = new Promise<void>((resolve) => {
    socket.on('error', () => resolve());
    socket.on('close', () => resolve());
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      if (isEnough(answer)) resolve();
    });
  });
  socket.write(bytes);
  await over;
  socket.destroy();
  return answer;
}

export function framed(...messages: readonly Buffer[]): Buffer {
  return Buffer.concat(
    messages.flatMap((message) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(message.length);
      return [length, message];
    }),
  );
}

/** The messages in what came by TCP. */
export function unframed(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at + 2 <= bytes.length && at + 2 + bytes.readUInt16BE(at) <= bytes.length; ) {
    const end = at + 2 + bytes.readUInt16BE(at);
    messages.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return messages;
}

export interface PlayedDnsServer extends DnsPlace {
  /** What it was asked by UDP, with the port from which. */
  readonly asked: { readonly message: Buffer; readonly port: number }[];
  stop(): Promise<void>;
}

/** Listens by UDP and TCP on one port of 127.0.0.1; what `answer` gives is sent, one datagram each. */
export async function playDnsServer(
  answer: (message: Buffer, protocol: 'udp' | 'tcp') => readonly Buffer[],
): Promise<PlayedDnsServer> {
  const asked: { message: Buffer; port: number }[] = [];
  const tcp = net.createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => socket.write(framed(...unframed(chunk).flatMap((one) => answer(one, 'tcp')))));
  });
  tcp.listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  const { port } = tcp.address() as AddressInfo;
  const udp = dgram.createSocket('udp4');
  udp.on('message', (message, from) => {
    asked.push({ message, port: from.port });
    for (const one of answer(message, 'udp')) udp.send(one, from.port, from.address);
  });
  udp.bind(port, '127.0.0.1');
  await once(udp, 'listening');
  return {
    ...{ address: '127.0.0.1', port, asked },
    async stop() {
      udp.close();
      tcp.close();
    },
  };
}
