/**
 * The DNS of a node under 5,000 questions a second, by UDP on loopback, beside a bare socket that sends each datagram
 * back, and Debian's dnsmasq where it is installed. Questions go out by the clock, whether or not the ones before are
 * answered, so a server that falls behind shows it. Each server is a process of its own; the asker is another one.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { question } from '../proxy/dns/testing/questions.ts';
import { percentile } from './load.ts';
import { formatCount, formatMs, printReport, type Row } from './report.ts';

const perSecond = 5_000;
const seconds = 8;
const warmUpSeconds = 2;
const rounds = 2;
const sockets = 16;
const goals = { p50Ms: 1, p99Ms: 20 };

/** In the cluster, with and without endpoints, and names that are not there. */
const names = Array.from({ length: 200 }, (_, i) => `service-${i * 5}.shop.svc.cluster.local`);
const questions: readonly Buffer[] = [
  ...names.map((name) => question(name, 'A')),
  ...names.map((name) => question(`${name}.shop.svc.cluster.local`, 'AAAA')),
  question('db.shop.svc.cluster.local', 'A'),
  question('_sql._tcp.db.shop.svc.cluster.local', 'SRV'),
];

interface Figures {
  readonly latenciesMs: readonly number[];
  readonly sent: number;
}

/** As many as the clock asks for, spread over some sockets, each question under an id of its own. */
async function ask(port: number, forSeconds: number): Promise<Figures> {
  const latenciesMs: number[] = [];
  const askers = await Promise.all(
    Array.from({ length: sockets }, async () => {
      const socket = dgram.createSocket('udp4');
      const sentAt = new Float64Array(0x1_0000);
      socket.on('message', (answer) => {
        const id = answer.readUInt16BE(0);
        const began = sentAt[id] ?? 0;
        if (began > 0) latenciesMs.push(performance.now() - began);
        sentAt[id] = 0;
      });
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
      socket.setRecvBufferSize(4 << 20);
      return { socket, sentAt };
    }),
  );
  const began = performance.now();
  let sent = 0;
  while (performance.now() - began < forSeconds * 1000) {
    const due = Math.floor(((performance.now() - began) * perSecond) / 1000);
    for (; sent < due; sent++) {
      const asker = askers[sent % sockets];
      const message = Buffer.from(questions[sent % questions.length] ?? []);
      if (asker === undefined) continue;
      const id = Math.floor(sent / sockets) & 0xffff;
      message.writeUInt16BE(id, 0);
      asker.sentAt[id] = performance.now();
      asker.socket.send(message, port, '127.0.0.1');
    }
    await new Promise((resolve) => setTimeout(resolve, 1)); // a loop without rest would take a core from the server
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  for (const { socket } of askers) socket.close();
  return { latenciesMs, sent };
}

interface Server {
  readonly name: string;
  readonly process: ChildProcess;
  readonly port: number;
}

async function startOwn(name: string, what: 'dns' | 'bare'): Promise<Server> {
  const script = fileURLToPath(new URL('./dns-process.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, what], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [text]: unknown[] = await once(child.stdout, 'data');
  return { name, process: child, port: Number(String(text)) };
}

/** Undefined: it is not installed. */
async function startDnsmasq(folder: string): Promise<Server | undefined> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const bound = probe.address();
  const port = bound !== null && typeof bound === 'object' ? bound.port : 0;
  probe.close();
  const hosts = join(folder, 'hosts');
  const lines = Array.from(
    { length: 1000 },
    (_, i) => `10.96.${1 + Math.floor(i / 250)}.${1 + (i % 250)} service-${i}.shop.svc.cluster.local`,
  );
  await writeFile(hosts, `${lines.join('\n')}\n`);
  const flags = ['--keep-in-foreground', '--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--user=root'];
  const where = [`--port=${port}`, '--listen-address=127.0.0.1', '--bind-interfaces', `--addn-hosts=${hosts}`];
  const more = ['--local=/cluster.local/', '--dns-forward-max=10000', `--pid-file=${join(folder, 'pid')}`];
  const child = spawn('dnsmasq', [...flags, ...where, ...more], { stdio: 'ignore' });
  const started = await Promise.race([
    once(child, 'spawn').then(() => true),
    once(child, 'error').then(() => false),
  ]).catch(() => false);
  return started ? { name: 'dnsmasq', process: child, port } : undefined;
}

function rowOf(name: string, { latenciesMs, sent }: Figures, isJudged: boolean): Row {
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  const [p50, p99] = [percentile(sorted, 0.5), percentile(sorted, 0.99)];
  const answered = ((latenciesMs.length / sent) * 100).toFixed(2);
  const figure = `p50 ${formatMs(p50)}  p99 ${formatMs(p99)}  answered ${answered} % of ${formatCount(sent)}`;
  if (!isJudged) return { name, figure };
  return {
    ...{ name, figure },
    beside: `to be ≤ ${formatMs(goals.p50Ms)} and ≤ ${formatMs(goals.p99Ms)}`,
    isReached: p50 <= goals.p50Ms && p99 <= goals.p99Ms && latenciesMs.length >= sent * 0.999,
  };
}

export async function run(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'longshore-bench-dns-'));
  const servers: Server[] = [];
  try {
    servers.push(await startOwn('the DNS of a node', 'dns'), await startOwn('a bare socket', 'bare'));
    const dnsmasq = await startDnsmasq(folder);
    if (dnsmasq !== undefined) servers.push(dnsmasq);
    const figures = new Map<string, Figures>();
    for (const { port } of servers) await ask(port, warmUpSeconds);
    // In turn, so that whatever else the machine does falls on all.
    for (let round = 0; round < rounds; round++)
      for (const { name, port } of servers) {
        const { latenciesMs, sent } = await ask(port, seconds);
        const before = figures.get(name) ?? { latenciesMs: [], sent: 0 };
        figures.set(name, { latenciesMs: [...before.latenciesMs, ...latenciesMs], sent: before.sent + sent });
      }
    printReport(
      `DNS at ${formatCount(perSecond)} questions a second`,
      [...figures].map(([name, one], index) => rowOf(name, one, index === 0)),
    );
  } finally {
    for (const { process: child } of servers) {
      const over = once(child, 'exit');
      child.kill('SIGTERM');
      await over;
    }
    await rm(folder, { recursive: true, force: true });
  }
}
