/**
 * Listens at a port that may be another program's for now: then it says so, and tries again until it can. One that
 * listens goes on for good.
 */

import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import { computeBackoffMs } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import { listeningPort } from '../../base/listening-port.ts';
import { networkErrorText } from '../../base/network-error-text.ts';

export interface ListenerOptions {
  /** Undefined: every address of IPv4. */
  readonly address: string | undefined;
  /** 0: any that is free. */
  readonly port: number;
  readonly clock: Clock;
  onConnection(socket: Socket): void;
  /** `why` undefined: it listens now. */
  onChange(why: string | undefined): void;
}

const backoff = { baseMs: 1_000, maxMs: 30_000 };

export class Listener {
  readonly #options: ListenerOptions;
  #server: net.Server | undefined;
  /** Why it does not listen; undefined: it does. */
  trouble: string | undefined = 'not tried yet';

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /** At which it listens; undefined: it does not. */
  get port(): number | undefined {
    return this.#server === undefined ? undefined : listeningPort(this.#server);
  }

  /** The port that was asked for. */
  get wantedPort(): number {
    return this.port ?? this.#options.port;
  }

  /** Until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, onChange } = this.#options;
    for (let failures = 0; !signal.aborted; ) {
      try {
        const server = await this.#listen();
        this.#server = server;
        this.trouble = undefined;
        onChange(undefined);
        await untilAborted(signal);
        server.close();
        return;
      } catch (error) {
        const why = networkErrorText(error);
        if (this.trouble !== why) onChange(why);
        this.trouble = why;
        await clock.sleep(computeBackoffMs(++failures, backoff), signal);
      }
    }
  }

  async #listen(): Promise<net.Server> {
    const { address = '0.0.0.0', port, onConnection } = this.#options;
    const server = net.createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 }, onConnection);
    server.listen({ host: address, port, backlog: 4096 });
    await once(server, 'listening');
    return server;
  }
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
