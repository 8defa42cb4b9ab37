/**
 * What the ingress costs: requests a second by wrk, straight to a small Node server, through a bare http-proxy, through
 * ours with 101 hosts, and through nginx where it is installed; all in turn, so that whatever else the machine does falls
 * on each. Everything is on loopback.
 */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { listeningPort } from '../base/listening-port.ts';
import { percentile } from './load.ts';
import { formatCount, printReport, type Row } from './report.ts';

const rounds = 5;
const seconds = 2;
const goal = 0.9;

interface Way {
  readonly name: string;
  readonly port: number;
  readonly perSecond: number[];
}

const pathOf = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = listeningPort(server);
  server.close();
  await once(server, 'close');
  return port;
}

async function wrk(port: number): Promise<number> {
  const flags = ['-t1', '-c32', `-d${seconds}s`, '-H', 'Host: bench.example', `http://127.0.0.1:${port}/some/path?q=1`];
  const { stdout } = await promisify(execFile)('wrk', flags);
  const bad = /Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1];
  if (bad !== undefined) throw new Error(`${bad} answers were none`);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
}

/** Resolves with the first line that it writes. */
async function startScript(children: ChildProcess[], ...words: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, ['--import', 'tsx', ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [line] = await once(child.stdout, 'data');
  return String(line).trim();
}

/** Undefined: it is not installed. */
async function startNginx(children: ChildProcess[], folder: string, backend: number): Promise<number | undefined> {
  const program = process.env.BENCH_NGINX ?? '/usr/sbin/nginx';
  if (
    !(await access(program).then(
      () => true,
      () => false,
    ))
  )
    return undefined;
  const port = await freePort();
  const config = `
daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b; fastcgi_temp_path ${folder}/c;
  uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e;
  upstream backend { server 127.0.0.1:${backend}; keepalive 64; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr;
    }
  }
}
`;
  await writeFile(join(folder, 'nginx.conf'), config);
  children.push(spawn(program, ['-c', join(folder, 'nginx.conf'), '-p', folder], { stdio: 'inherit' }));
  return port;
}

export async function run(): Promise<void> {
  const children: ChildProcess[] = [];
  const folder = await mkdtemp(join(tmpdir(), 'longshore-bench-'));
  try {
    const backend = await freePort();
    await startScript(children, pathOf('./http-server.ts'), String(backend));
    const through = async (kind: string) =>
      Number(await startScript(children, pathOf('./ingress-process.ts'), kind, String(backend)));
    const way = (name: string, port: number): Way => ({ name, port, perSecond: [] });
    const straight = way('straight to the backend', backend);
    const bare = way('through a bare http-proxy', await through('bare'));
    const ours = way('through the ingress', await through('ours'));
    const nginx = await startNginx(children, folder, backend);
    const ways = [straight, bare, ours, ...(nginx === undefined ? [] : [way('through nginx', nginx)])];
    for (let round = 0; round <= rounds; round += 1)
      for (const one of ways) {
        const rate = await wrk(one.port);
        if (round > 0) one.perSecond.push(rate); // the first is for compilers
      }
    const base = median(bare.perSecond);
    const rows = ways.map((one): Row => {
      const rate = median(one.perSecond);
      const row = {
        name: one.name,
        figure: `${formatCount(rate)} requests/s`,
        beside: `${(rate / base).toFixed(2)} × the bare http-proxy`,
      };
      return one === ours ? { ...row, beside: `${row.beside}, to be ${goal} ×`, isReached: rate / base >= goal } : row;
    });
    printReport('The ingress, HTTP/1.1, 32 kept connections', rows);
  } finally {
    for (const child of children) child.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

function median(values: readonly number[]): number {
  return percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}
