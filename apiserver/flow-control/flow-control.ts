/**
 * Fair sharing of requests (upstream's API Priority and Fairness): each request belongs to a flow schema, and by that to
 * a priority level, which has seats of its own and lends others what it does not use. Streams that run long take no seat.
 */

import { tooManyRequests } from '../../api/status-error.ts';
import type { PriorityLevelConfigurationSpec } from '../../api/types/flowcontrol/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { ApiRequest } from '../request/api-request.ts';
import { computeCurrentLimits, computeSeatLimits, type SeatLimits } from './concurrency-shares.ts';
import { type Entrant, FairQueues, Rejected, type RejectReason } from './fair-queues.ts';
import { distinguisherOf, FlowClassifier, type Schema } from './flow-classifier.ts';
import { flowSchemas, priorityLevels } from './flow-objects.ts';

export interface FlowControlOptions {
  readonly clock: Clock;
  /** In work at once, of all levels. Default: as upstream's, 400 that read and 200 that write. */
  readonly seats?: number | undefined;
  /** Objects of which a list would be made, as far as known. */
  countObjects(request: ApiRequest): number;
}

export interface ConfiguredLevel {
  readonly name: string;
  readonly uid: string;
  readonly spec: DeepReadonly<PriorityLevelConfigurationSpec>;
}

/** What was done for the requests of one schema. */
export class FlowSchemaCounts {
  dispatched = 0;
  waited = 0;
  waitedSeconds = 0;
  readonly rejected = new Map<RejectReason, number>();
}

export interface Level extends ConfiguredLevel {
  readonly queues: FairQueues;
  limits: SeatLimits;
}

export interface Flow extends Schema {
  readonly level: Level;
  readonly counts: FlowSchemaCounts;
}

const defaultSeats = 600;
/** Of a minute, in which a request is answered. */
const maxWaitMs = 15_000;
const adjustEveryMs = 10_000;
const objectsPerSeat = 100;
const maxWidth = 10;

export class FlowControl {
  readonly #clock: Clock;
  readonly #seats: number;
  readonly #countObjects: FlowControlOptions['countObjects'];
  readonly #levels = new Map<string, Level>();
  readonly #counts = new Map<string, FlowSchemaCounts>();
  #flows: readonly Flow[] = [];
  #classifier = new FlowClassifier<Flow>([]);
  readonly #inFlight = { readOnly: 0, mutating: 0 };

  /** Begins with what every cluster has. */
  constructor({ clock, seats = defaultSeats, countObjects }: FlowControlOptions) {
    this.#clock = clock;
    this.#seats = seats;
    this.#countObjects = countObjects;
    const named = <T extends { readonly name: string }>(object: T) => ({ ...object, uid: '' });
    this.configure(priorityLevels.map(named), flowSchemas.map(named));
  }

  get levels(): Iterable<Level> {
    return this.#levels.values();
  }

  get flows(): readonly Flow[] {
    return this.#flows;
  }

  /** Requests in work, for metrics. */
  get inFlight(): Readonly<Record<'readOnly' | 'mutating', number>> {
    return this.#inFlight;
  }

  /** What is mandatory is there, whatever is left out. Requests that wait go on waiting. */
  configure(levels: readonly ConfiguredLevel[], schemas: readonly Schema[]): void {
    const all = [...levels, ...missingOf(levels, priorityLevels)];
    for (const name of this.#levels.keys()) if (!all.some((level) => level.name === name)) this.#levels.delete(name);
    const limits = computeSeatLimits(this.#seats, all.map(sharesOf));
    for (const level of all) this.#setLevel(level, limits.get(level.name) ?? { nominal: 0, min: 0, max: 0 });
    this.#flows = [...schemas, ...missingOf(schemas, flowSchemas)].flatMap((schema) => {
      const level = this.#levels.get(schema.spec.priorityLevelConfiguration.name);
      // It dangles: its requests are those of the next that matches.
      return level === undefined ? [] : { ...schema, level, counts: this.#countsOf(schema.name) };
    });
    this.#classifier = new FlowClassifier(this.#flows);
  }

  /** Says in the answer to whom the request belongs. */
  classify(request: ApiRequest): Flow | undefined {
    const flow = this.#classifier.classify(request.user, request.info);
    if (flow !== undefined && flow.uid !== '' && !request.outgoing.headersSent) {
      request.outgoing.setHeader('X-Kubernetes-PF-FlowSchema-UID', flow.uid);
      request.outgoing.setHeader('X-Kubernetes-PF-PriorityLevel-UID', flow.level.uid);
    }
    return flow;
  }

  /** What gives the seats back (idempotent), at once or once there are some. Throws or rejects with TooManyRequests. */
  enter(request: ApiRequest, flow: Flow | undefined): (() => void) | Promise<() => void> {
    const kind = isReadOnly(request) ? 'readOnly' : 'mutating';
    if (flow === undefined || flow.level.spec.type === 'Exempt') {
      if (flow !== undefined) flow.counts.dispatched += 1;
      return this.#counted(kind, undefined);
    }
    const distinguisher = distinguisherOf(flow.spec, request.user, request.info);
    const entrant: Entrant = {
      flow: `${flow.name}\0${distinguisher}`,
      width: this.#widthOf(request, flow.level),
      abandoned: () => request.signal,
    };
    try {
      const entered = flow.level.queues.enter(entrant);
      if (entered instanceof Promise) return this.#waitFor(entered, flow, kind);
      flow.counts.dispatched += 1;
      return this.#counted(kind, entered);
    } catch (error) {
      throw refusal(error, flow.counts);
    }
  }

  /** Seats go where they are wanted, until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#clock.sleep(adjustEveryMs, signal);
      this.adjust();
    }
  }

  /** Every ten seconds, as upstream. */
  adjust(): void {
    const now = this.#clock.monotonic();
    const levels = [...this.#levels.values()].filter(({ spec }) => spec.type !== 'Exempt');
    const limits = computeCurrentLimits(
      levels.map(({ name, limits, queues }) => ({ name, ...limits, ...queues.demand.take(now) })),
    );
    for (const { name, queues, limits: own } of levels) queues.limit = limits.get(name) ?? own.nominal;
  }

  #setLevel(level: ConfiguredLevel, limits: SeatLimits): void {
    const present = this.#levels.get(level.name);
    const queues = present?.queues ?? new FairQueues(this.#clock, maxWaitMs);
    const response = level.spec.limited?.limitResponse;
    const { queues: count = 64, handSize = 8, queueLengthLimit = 50 } = response?.queuing ?? {};
    queues.queuing = response?.type === 'Queue' ? { queues: count, handSize, queueLengthLimit } : undefined;
    if (present?.limits.nominal !== limits.nominal) queues.limit = limits.nominal;
    this.#levels.set(level.name, { ...level, queues, limits });
  }

  #countsOf(name: string): FlowSchemaCounts {
    const counts = this.#counts.get(name) ?? new FlowSchemaCounts();
    this.#counts.set(name, counts);
    return counts;
  }

  async #waitFor(entered: Promise<() => void>, { counts }: Flow, kind: 'readOnly' | 'mutating') {
    const since = this.#clock.monotonic();
    try {
      const leave = await entered;
      counts.dispatched += 1;
      return this.#counted(kind, leave);
    } catch (error) {
      throw refusal(error, counts);
    } finally {
      counts.waited += 1;
      counts.waitedSeconds += (this.#clock.monotonic() - since) / 1000;
    }
  }

  #counted(kind: 'readOnly' | 'mutating', leave: (() => void) | undefined): () => void {
    this.#inFlight[kind] += 1;
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      this.#inFlight[kind] -= 1;
      leave?.();
    };
  }

  /** A long list is as much work as many other requests; but never so much that it would keep all others out. */
  #widthOf(request: ApiRequest, { limits }: Level): number {
    const { info } = request;
    if (!info.isResource || info.verb !== 'list' || info.name !== undefined) return 1;
    const width = Math.ceil(this.#countObjects(request) / objectsPerSeat);
    return Math.max(1, Math.min(width, maxWidth, Math.ceil(limits.nominal * 0.15)));
  }
}

function refusal(error: unknown, counts: FlowSchemaCounts): unknown {
  if (!(error instanceof Rejected)) return error;
  counts.rejected.set(error.reason, (counts.rejected.get(error.reason) ?? 0) + 1);
  return tooManyRequests('Too many requests, please try again later.', 1);
}

const isReadOnly = ({ method }: ApiRequest): boolean => method === 'GET' || method === 'HEAD';

const missingOf = <T extends { readonly name: string; readonly isMandatory?: boolean }>(
  present: readonly { readonly name: string }[],
  all: readonly T[],
): readonly (T & { readonly uid: string })[] =>
  all
    .filter(({ name, isMandatory }) => isMandatory && !present.some((one) => one.name === name))
    .map((object) => ({ ...object, uid: '' }));

function sharesOf({ name, spec: { limited, exempt } }: ConfiguredLevel) {
  const { nominalConcurrencyShares: shares, lendablePercent = 0 } = limited ?? exempt ?? {};
  return {
    name,
    shares: shares ?? (limited === undefined ? 0 : 30),
    lendablePercent,
    borrowingLimitPercent: limited?.borrowingLimitPercent,
  };
}
