/**
 * A program in a network namespace that does what a line of JSON on its input asks, and answers with a line:
 * servers that say who they are, and clients that tell who answered. Used by the tests of the proxy.
 */

import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { errorText } from '../../base/error-text.ts';
import { silentLogger } from '../../base/logger.ts';
import { runProgram } from '../../proxy/program.ts';
import { Nftables } from '../../proxy/services/nftables.ts';
import type { RuleApplier } from '../../proxy/services/rule-applier.ts';
import type { Rules } from '../../proxy/services/rules.ts';
import { StaleFlows } from '../../proxy/services/stale-flows.ts';
import { LoopbackPorts } from '../../proxy/userspace/loopback-ports.ts';
import { Userspace } from '../../proxy/userspace/userspace.ts';

export type PeerRequest =
  /** Answers each line of a TCP connection, and each datagram, with its name and the sender's address. */
  | { readonly do: 'serve'; readonly name: string; readonly port: number }
  /** A new connection (or datagram) each time; the answers, or the error's code. */
  | {
      readonly do: 'call';
      readonly protocol: 'tcp' | 'udp';
      readonly address: string;
      readonly port: number;
      readonly times: number;
    }
  /** Keeps one connection under this id. */
  | { readonly do: 'open'; readonly id: string; readonly address: string; readonly port: number }
  /** One exchange on it. */
  | { readonly do: 'talk'; readonly id: string }
  /** Has the server send on and on; how many bytes come in half a second. */
  | { readonly do: 'follow'; readonly id: string }
  | {
      readonly do: 'apply';
      readonly mode: 'nftables' | 'userspace';
      readonly clusterCidr: string;
      readonly rules: Rules;
    };

const timeoutMs = 2_000;
const connections = new Map<string, net.Socket>();
let appliers: readonly RuleApplier[] | undefined;
const staleFlows = new StaleFlows({ run: runProgram, logger: silentLogger });
let udpClient: dgram.Socket | undefined;

for await (const line of createInterface({ input: process.stdin })) {
  let answer: unknown;
  try {
    answer = await perform(JSON.parse(line) as PeerRequest);
  } catch (error) {
    answer = { error: errorText(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);

async function perform(request: PeerRequest): Promise<unknown> {
  switch (request.do) {
    case 'serve':
      return await serve(request.name, request.port);
    case 'call':
      return await call(request);
    case 'open':
      connections.set(request.id, await connect(request.address, request.port));
      return 'open';
    case 'talk':
      return await exchange(connections.get(request.id));
    case 'follow':
      return await follow(connections.get(request.id));
    case 'apply':
      return await apply(request);
  }
}

async function serve(name: string, port: number): Promise<string> {
  const tcp = net.createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => {
      if (String(data).startsWith('stream')) keepSending(socket);
      else socket.write(`${name} ${socket.remoteAddress}\n`);
    });
  });
  tcp.listen(port, '0.0.0.0');
  await once(tcp, 'listening');
  const udp = dgram.createSocket('udp4');
  udp.on('message', (_, from) => udp.send(`${name} ${from.address}`, from.port, from.address));
  udp.bind(port, '0.0.0.0');
  await once(udp, 'listening');
  return 'serving';
}

async function call({ protocol, address, port, times }: Extract<PeerRequest, { do: 'call' }>): Promise<string[]> {
  const answers: string[] = [];
  for (let i = 0; i < times; i++) {
    try {
      answers.push(protocol === 'tcp' ? await callTcp(address, port) : await callUdp(address, port));
    } catch (error) {
      answers.push((error as NodeJS.ErrnoException).code ?? String(error));
    }
  }
  return answers;
}

async function callTcp(address: string, port: number): Promise<string> {
  const socket = await connect(address, port);
  try {
    return await exchange(socket);
  } finally {
    socket.destroy();
  }
}

async function connect(host: string, port: number): Promise<net.Socket> {
  const socket = net.connect({ host, port });
  await once(socket, 'connect', { signal: AbortSignal.timeout(timeoutMs) });
  return socket;
}

async function exchange(socket: net.Socket | undefined): Promise<string> {
  if (socket === undefined) throw new Error('no such connection');
  const answered = once(socket, 'data', { signal: AbortSignal.timeout(timeoutMs) });
  socket.write('who\n');
  const [data] = (await answered) as [Buffer];
  return data.toString().trim();
}

function keepSending(socket: net.Socket): void {
  const timer = setInterval(() => socket.write('more\n'), 20);
  socket.once('close', () => clearInterval(timer));
}

/** Bytes that come in half a second; it asks for them the first time. */
async function follow(socket: net.Socket | undefined): Promise<number> {
  if (socket === undefined) throw new Error('no such connection');
  if (socket.listenerCount('data') === 0) {
    socket.on('data', () => undefined);
    socket.write('stream\n');
  }
  const before = socket.bytesRead;
  await setTimeout(500);
  return socket.bytesRead - before;
}

/** All datagrams go from one port: one flow, as clients of DNS or a game have it. */
async function callUdp(address: string, port: number): Promise<string> {
  udpClient ??= dgram.createSocket('udp4');
  const answered = once(udpClient, 'message', { signal: AbortSignal.timeout(timeoutMs) });
  udpClient.send('who', port, address);
  const [data] = (await answered) as [Buffer];
  return data.toString();
}

async function apply({ mode, clusterCidr, rules }: Extract<PeerRequest, { do: 'apply' }>): Promise<string> {
  const logger = silentLogger;
  appliers ??=
    mode === 'nftables'
      ? [new Nftables({ clusterCidr, logger }), new LoopbackPorts(logger)]
      : [new Userspace({ logger })];
  for (const applier of appliers) await applier.apply(rules);
  if (mode === 'nftables') await staleFlows.forget(rules);
  return 'applied';
}
