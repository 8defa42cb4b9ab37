/** Takes CPU profiles of the main thread of a node process that was started with `--inspect`. */

import { once } from 'node:events';
import WebSocket from 'ws';

/** As the inspector's protocol has it: a node for each place in the tree of calls, and which of them each sample hit. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[];
}

export interface ProfileNode {
  readonly id: number;
  readonly children?: readonly number[];
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    /** From 0, as is the column. */
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
}

interface Answer {
  readonly id: number;
  readonly result: { readonly profile?: CpuProfile };
}

export class Profiler {
  readonly #socket: WebSocket;
  #sent = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** `output` is what the process has said: the inspector's address is in it. */
  static async start(output: string): Promise<Profiler> {
    const url = /Debugger listening on (ws:\S+)/.exec(output)?.[1];
    if (url === undefined) throw new Error('The process has no inspector');
    const socket = new WebSocket(url, { perMessageDeflate: false });
    await once(socket, 'open');
    const profiler = new Profiler(socket);
    await profiler.#call('Profiler.enable');
    await profiler.#call('Profiler.setSamplingInterval', { interval: 200 });
    await profiler.#call('Profiler.start');
    return profiler;
  }

  async stop(): Promise<CpuProfile> {
    const { profile } = await this.#call('Profiler.stop');
    this.#socket.close();
    if (profile === undefined) throw new Error('The inspector has no profile');
    return profile;
  }

  /** One at a time. */
  async #call(method: string, params: object = {}): Promise<Answer['result']> {
    this.#sent += 1;
    this.#socket.send(JSON.stringify({ id: this.#sent, method, params }));
    for (;;) {
      const [data]: unknown[] = await once(this.#socket, 'message');
      // By the protocol.
      const answer = JSON.parse(String(data)) as Answer;
      if (answer.id === this.#sent) return answer.result;
    }
  }
}
