/**
 * An API server in a process of its own, and beside it a bystander: another process that asks small things of it all
 * the time. Both tell the longest that anything had to wait, since they were asked last.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Connection } from '../../client/connection.ts';
import type { LoopReport } from './measured-api-server-process.ts';

export interface WaitReport extends LoopReport {
  /** The longest that a small request of another client waited for its answer. On a busy machine not all the server's. */
  readonly waitedMs: number;
}

export class MeasuredApiServer {
  readonly connection: Connection;
  readonly #server: ChildProcess;
  readonly #bystander: ChildProcess;

  private constructor(connection: Connection, server: ChildProcess, bystander: ChildProcess) {
    this.connection = connection;
    this.#server = server;
    this.#bystander = bystander;
  }

  static async start(): Promise<MeasuredApiServer> {
    const server = forkSource('measured-api-server-process.ts');
    const connection = (await messageOf(server)) as Connection;
    const bystander = forkSource('bystander-process.ts');
    bystander.send(connection);
    await messageOf(bystander);
    return new MeasuredApiServer(connection, server, bystander);
  }

  get pid(): number {
    return this.#server.pid ?? 0;
  }

  /** Since it was asked last. Rejects when the server has ended. */
  async longest(): Promise<WaitReport> {
    this.#server.send('report');
    this.#bystander.send('report');
    const [loop, waitedMs] = await Promise.all([messageOf(this.#server), messageOf(this.#bystander)]);
    return { ...(loop as LoopReport), waitedMs: Number(waitedMs) };
  }

  async stop(): Promise<void> {
    await Promise.all([this.#bystander, this.#server].map(end));
  }
}

function forkSource(name: string): ChildProcess {
  const file = fileURLToPath(new URL(name, import.meta.url));
  return fork(file, { execArgv: ['--import', 'tsx'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

async function messageOf(child: ChildProcess): Promise<unknown> {
  const over = new AbortController();
  const { signal } = over;
  try {
    const ended = once(child, 'exit', { signal }).then(([code, killed]) => {
      throw new Error(`A process ended with ${code ?? killed}`);
    });
    const [message] = (await Promise.race([once(child, 'message', { signal }), ended])) as [unknown];
    return message;
  } finally {
    over.abort();
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
