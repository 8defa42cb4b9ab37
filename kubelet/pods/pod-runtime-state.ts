/**
 * What one pod worker knows of its pod beside object and runtime. All of it can be found again or done again.
 *
 * Only this class writes it: who acts for the worker says here what happened, and everybody else reads.
 */

import { computeBackoffMs } from '../../base/backoff.ts';
import type { AllocatedResources } from '../model/pod.ts';
import type { StopReason } from '../model/stop-reason.ts';
import type { SandboxState } from '../runtime/runtime.ts';
import type { MountedVolume } from '../volumes/volume-plugin.ts';
import type { WaitingReason } from './status/container-status.ts';
import type { ResizeTrouble } from './status/pod-status.ts';

/** How often files of ConfigMaps and Secrets are brought up to date. */
const volumesRefreshMs = 60_000;
const sandboxRetry = { baseMs: 1_000, maxMs: 60_000 };

/** Other pods may have ended meanwhile. */
const resizeRetryMs = 3_000;

/** As after a container that ended. */
const startRetryMs = 10_000;

export interface StartingSandbox {
  readonly id: string;
  readonly started: Promise<SandboxState>;
}

/** Times are monotonic milliseconds. */
export class PodRuntimeState {
  readonly #waiting = new Map<string, WaitingReason>();
  readonly #terminationMessages = new Map<string, string>();
  readonly #inHook = new Set<string>();
  readonly #stopReasons = new Map<string, StopReason>();
  readonly #stopping = new Set<string>();
  /** Containers that the runtime refused to start, by name. */
  readonly #startFailures = new Map<string, { readonly count: number; readonly until: number }>();
  readonly #resized = new Map<string, AllocatedResources>();
  #podResources: AllocatedResources | undefined;
  #resizeTrouble: ResizeTrouble | undefined;
  #resizeGeneration: number | undefined;
  #resizeHeldBackUntil = Number.NEGATIVE_INFINITY;
  #volumes: ReadonlyMap<string, MountedVolume> | undefined;
  #volumesCheckedAt = Number.NEGATIVE_INFINITY;
  #sandbox: StartingSandbox | undefined;
  #sandboxFailures = { count: 0, until: 0 };

  /** Why a container does not run, by its name. */
  get waiting(): ReadonlyMap<string, WaitingReason> {
    return this.#waiting;
  }

  containerWaits(name: string, reason: WaitingReason): void {
    this.#waiting.set(name, reason);
  }

  containerWaitsNoMore(name: string): void {
    this.#waiting.delete(name);
  }

  /** The runtime refused: the next try waits, longer each time in a row. */
  startFailed(name: string, { now, maxMs }: { readonly now: number; readonly maxMs: number }): void {
    const count = (this.#startFailures.get(name)?.count ?? 0) + 1;
    const until = now + computeBackoffMs(count, { baseMs: startRetryMs, maxMs });
    this.#startFailures.set(name, { count, until });
  }

  containerStarted(name: string): void {
    this.#startFailures.delete(name);
  }

  /** How long a container is not to be started; not above 0: it may be now. */
  startHeldBackMs(name: string, now: number): number {
    return (this.#startFailures.get(name)?.until ?? now) - now;
  }

  /** How long until the first of those that are held back may be started; undefined: none is. */
  nextStartInMs(now: number): number | undefined {
    const left = [...this.#startFailures.values()].map(({ until }) => until - now).filter((ms) => ms > 0);
    return left.length === 0 ? undefined : Math.min(...left);
  }

  /** What the runtime refused may be tried at once, as if it had never been tried. */
  holdsNothingBack(): void {
    this.#startFailures.clear();
    this.#sandboxFailures = { count: 0, until: 0 };
    this.#resizeHeldBackUntil = Number.NEGATIVE_INFINITY;
    this.volumesOutdated();
  }

  /** By container id. */
  get terminationMessages(): ReadonlyMap<string, string> {
    return this.#terminationMessages;
  }

  containerTerminated(id: string, message: string): void {
    this.#terminationMessages.set(id, message);
  }

  containerRemoved(id: string): void {
    this.#terminationMessages.delete(id);
    this.#resized.delete(id);
  }

  /** Its postStart hook runs. */
  isInHook(id: string): boolean {
    return this.#inHook.has(id);
  }

  hookStarted(id: string): void {
    this.#inHook.add(id);
  }

  hookEnded(id: string): void {
    this.#inHook.delete(id);
  }

  hookFailed(id: string): void {
    this.#stopReasons.set(id, 'PostStartHookFailed');
  }

  /** Running containers that must end because their postStart hook failed, by id. */
  get stopReasons(): ReadonlyMap<string, StopReason> {
    return this.#stopReasons;
  }

  /** Containers that are being stopped now, by id. */
  get stopping(): ReadonlySet<string> {
    return this.#stopping;
  }

  stopBegins(id: string): void {
    this.#stopping.add(id);
  }

  /** `done`: the container has ended. */
  stopEnds(id: string, { done }: { readonly done: boolean }): void {
    this.#stopping.delete(id);
    if (done) this.#stopReasons.delete(id);
  }

  /** What containers were given since they were made, by id. */
  get resized(): ReadonlyMap<string, AllocatedResources> {
    return this.#resized;
  }

  containerResized(id: string, resources: AllocatedResources): void {
    this.#resized.set(id, resources);
  }

  /** What the pod as a whole was given by this kubelet; undefined: nothing yet. */
  get podResources(): AllocatedResources | undefined {
    return this.#podResources;
  }

  podGiven(resources: AllocatedResources): void {
    this.#podResources = resources;
  }

  /** Why the pod does not have what it asks for; undefined: it has, or soon will. */
  get resizeTrouble(): ResizeTrouble | undefined {
    return this.#resizeTrouble;
  }

  /** The version of the spec that met the trouble. */
  get resizeGeneration(): number | undefined {
    return this.#resizeGeneration;
  }

  resizeHindered(trouble: ResizeTrouble, now: number, generation = this.#resizeGeneration): void {
    this.#resizeTrouble = trouble;
    this.#resizeGeneration = generation;
    this.#resizeHeldBackUntil = now + resizeRetryMs;
  }

  resizeSettled(): void {
    this.#resizeTrouble = undefined;
    this.#resizeHeldBackUntil = Number.NEGATIVE_INFINITY;
  }

  /** How long until a resize that met trouble is tried again; not above 0: now. */
  resizeHeldBackMs(now: number): number {
    return this.#resizeHeldBackUntil - now;
  }

  /** By name; undefined: not set up by this kubelet. */
  get volumes(): ReadonlyMap<string, MountedVolume> | undefined {
    return this.#volumes;
  }

  volumesSetUp(volumes: ReadonlyMap<string, MountedVolume>): void {
    this.#volumes = volumes;
  }

  /** What they show is looked at now, whatever comes of it. */
  volumesChecked(now: number): void {
    this.#volumesCheckedAt = now;
  }

  /** What they show has changed: it is to be looked at at once. */
  volumesOutdated(): void {
    this.#volumesCheckedAt = Number.NEGATIVE_INFINITY;
  }

  /** How long until what they show is to be looked at; not above 0: now. */
  volumesDueInMs(now: number): number {
    return this.#volumesCheckedAt + volumesRefreshMs - now;
  }

  /** The one that was made last. */
  get sandbox(): StartingSandbox | undefined {
    return this.#sandbox;
  }

  sandboxCreated(sandbox: StartingSandbox): void {
    this.#sandbox = sandbox;
  }

  sandboxStarted(): void {
    this.#sandboxFailures = { count: 0, until: 0 };
  }

  /** None could be made or started: the next try waits, longer each time in a row. */
  sandboxFailed(now: number): void {
    const count = this.#sandboxFailures.count + 1;
    this.#sandboxFailures = { count, until: now + computeBackoffMs(count, sandboxRetry) };
  }

  /** How long no sandbox is to be made; not above 0: one may be made now. */
  sandboxHeldBackMs(now: number): number {
    return this.#sandboxFailures.until - now;
  }
}
