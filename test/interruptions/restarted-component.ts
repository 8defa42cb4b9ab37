/**
 * A component that is interrupted where it was planned, and starts again from nothing each time it has died, as what
 * supervises processes does.
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../client/client.ts';
import { ComponentLife, type Fate, ordinary, type Write } from './component-life.ts';
import type { Interruption } from './interruption.ts';

export interface RestartedComponentOptions {
  readonly client: Client;
  /** Runs one life of it until the life's signal aborts. */
  readonly run: (life: ComponentLife) => Promise<void>;
  readonly interruptions: readonly Interruption[];
}

export class RestartedComponent {
  readonly #options: RestartedComponentOptions;
  /** `<world> <writer>` → how often. */
  readonly #counts = new Map<string, number>();
  readonly #done: Promise<void>;
  readonly #waits = new AbortController();
  readonly #holds = new Set<Promise<void>>();
  readonly #met: Interruption[] = [];
  #life: ComponentLife;
  #isStopped = false;

  constructor(options: RestartedComponentOptions) {
    this.#options = options;
    this.#life = this.#newLife();
    this.#done = this.#live();
  }

  /** Of each controller that wrote about a world, how often. */
  countsOf(world: string): readonly (readonly [writer: string, count: number])[] {
    return [...this.#counts].flatMap(([key, count]) => {
      const [id, writer = ''] = key.split(' ');
      return id === world ? [[writer, count] as const] : [];
    });
  }

  /** The interruptions that came. */
  get met(): readonly Interruption[] {
    return this.#met;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#life.kill();
    this.#waits.abort();
    await this.#done;
    await Promise.all(this.#holds);
  }

  #newLife(): ComponentLife {
    return new ComponentLife(this.#options.client, (write) => this.#judge(write));
  }

  async #live(): Promise<void> {
    for (;;) {
      await this.#options.run(this.#life);
      await this.#life.settled();
      if (this.#isStopped) return;
      if (!this.#life.signal.aborted) throw new Error('A component ended by itself');
      this.#life = this.#newLife();
    }
  }

  #judge({ writer, world }: Write): Fate {
    if (world === undefined) return ordinary;
    const key = `${world} ${writer}`;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    const isHere = (one: Interruption) => one.world === world && one.writer === writer && one.at === count;
    const met = this.#options.interruptions.find(isHere);
    if (met === undefined) return ordinary;
    this.#met.push(met);
    return this.#interrupt(met);
  }

  #interrupt({ writer, how, ms, of }: Interruption): Fate {
    const life = this.#life;
    switch (how) {
      case 'dies before':
        life.kill();
        return { isSent: false, isAnswered: false };
      case 'dies after':
        // What was sent is on its way, and nothing that comes after it is heard.
        life.kill();
        return { isSent: true, isAnswered: false };
      case 'loses the answer':
        return { isSent: true, isAnswered: false };
      case 'pauses':
        this.#hold(life.callGate(writer), ms);
        return ordinary;
      case 'sees nothing new':
        this.#hold(life.watchGate(of), ms);
        return ordinary;
    }
  }

  #hold(gate: { close(): void; open(): void }, ms: number): void {
    gate.close();
    const hold = delay(ms, undefined, { signal: this.#waits.signal })
      .catch(() => undefined) // it stops
      .then(() => {
        gate.open();
        this.#holds.delete(hold);
      });
    this.#holds.add(hold);
  }
}
