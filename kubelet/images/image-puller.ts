/** Brings a container's image onto the node, by its pull policy; tells users each step; waits longer after each failure. */

import type { Clock } from '../../base/clock.ts';
import { errorText } from '../../base/error-text.ts';
import { Limiter } from '../../base/limiter.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import { eventSubject } from '../model/event-subject.ts';
import { formatDuration } from '../model/go-duration.ts';
import type { PodContainer, PodObject } from '../model/pod.ts';
import { StartError } from '../model/start-error.ts';
import type { ImageDetails, ImageRuntime } from '../runtime/runtime.ts';
import { parseImageName } from './image-name.ts';
import type { PullSecrets } from './pull-secrets.ts';

const baseMs = 10_000;
const maxMs = 300_000;
/** So long ErrImagePull is shown before it becomes ImagePullBackOff. */
export const showPullErrorMs = 3_000;
/** Pulls at the same time: more would only share the same line. */
const parallelPulls = 4;

interface Failure {
  readonly words: string;
  readonly waitMs: number;
  /** Monotonic. */
  readonly failedAt: number;
  readonly until: number;
}

export interface ImagePullerOptions {
  readonly runtime: Pick<ImageRuntime, 'inspectImage' | 'pullImage'>;
  readonly secrets: PullSecrets;
  readonly recorder: Recorder;
  readonly clock: Clock;
}

export class ImagePuller {
  readonly #options: ImagePullerOptions;
  readonly #failures = new Map<string, Failure>();
  readonly #limiter = new Limiter(parallelPulls);

  constructor(options: ImagePullerOptions) {
    this.#options = options;
  }

  /** Throws `StartError` with the reason for the container's status. */
  async ensure(pod: PodObject, container: PodContainer, signal: AbortSignal): Promise<ImageDetails> {
    const { runtime, recorder } = this.#options;
    const image = container.spec.image ?? '';
    const name = this.#parse(pod, container, image);
    const policy = container.spec.imagePullPolicy ?? 'IfNotPresent';
    const present = policy === 'Always' ? undefined : await runtime.inspectImage(name);
    const subject = eventSubject(pod, container);
    if (present !== undefined) {
      const message = `Container image "${image}" already present on machine and can be accessed by the pod`;
      recorder.record(subject, { type: 'Normal', reason: 'Pulled', message });
      return present;
    }
    if (policy === 'Never') {
      const message = `Container image "${image}" is not present with pull policy of Never`;
      recorder.record(subject, { type: 'Warning', reason: 'ErrImageNeverPull', message });
      throw new StartError('ErrImageNeverPull', message);
    }
    return await this.#pull(pod, container, { image, name, signal });
  }

  /** When the next try of some image of this pod is due, in monotonic milliseconds. */
  nextTry(uid: string): number | undefined {
    const due = [...this.#failures].filter(([key]) => key.startsWith(`${uid}/`)).map(([, { until }]) => until);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  forget(uid: string): void {
    for (const key of this.#failures.keys()) if (key.startsWith(`${uid}/`)) this.#failures.delete(key);
  }

  #parse(pod: PodObject, container: PodContainer, image: string): string {
    const parsed = parseImageName(image);
    if (!('error' in parsed)) return parsed.name;
    const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": ${parsed.error}`;
    this.#options.recorder.record(eventSubject(pod, container), { type: 'Warning', reason: 'InspectFailed', message });
    throw new StartError('InvalidImageName', message);
  }

  async #pull(
    pod: PodObject,
    container: PodContainer,
    { image, name, signal }: { readonly image: string; readonly name: string; readonly signal: AbortSignal },
  ): Promise<ImageDetails> {
    const { runtime, recorder, secrets, clock } = this.#options;
    const subject = eventSubject(pod, container);
    const key = `${pod.metadata.uid}/${container.spec.name}/${image}`;
    const before = this.#failures.get(key);
    if (before !== undefined && clock.monotonic() < before.failedAt + showPullErrorMs)
      throw new StartError('ErrImagePull', before.words);
    if (before !== undefined && clock.monotonic() < before.until) {
      const message = `Back-off pulling image "${image}"`;
      recorder.record(subject, { type: 'Normal', reason: 'BackOff', message });
      throw new StartError('ImagePullBackOff', `${message}: ErrImagePull: ${before.words}`);
    }
    recorder.record(subject, { type: 'Normal', reason: 'Pulling', message: `Pulling image "${image}"` });
    const askedAt = clock.monotonic();
    let startedAt = askedAt;
    try {
      const leave = await this.#limiter.enter(signal);
      startedAt = clock.monotonic();
      try {
        await runtime.pullImage(name, await secrets.credentialsFor(pod, name), signal);
      } finally {
        leave();
      }
      const found = await runtime.inspectImage(name);
      if (found === undefined) throw new Error('the image was removed while it was pulled');
      this.#failures.delete(key);
      const [took, all] = [clock.monotonic() - startedAt, clock.monotonic() - askedAt].map(formatDuration);
      const message = `Successfully pulled image "${image}" in ${took} (${all} including waiting). Image size: ${found.sizeBytes} bytes.`;
      recorder.record(subject, { type: 'Normal', reason: 'Pulled', message });
      return found;
    } catch (error) {
      signal.throwIfAborted();
      const words = errorText(error);
      const waitMs = before === undefined ? baseMs : Math.min(maxMs, before.waitMs * 2);
      this.#failures.set(key, { words, waitMs, failedAt: clock.monotonic(), until: clock.monotonic() + waitMs });
      recorder.record(subject, {
        type: 'Warning',
        reason: 'Failed',
        message: `Failed to pull image "${image}": ${words}`,
      });
      throw new StartError('ErrImagePull', words);
    }
  }
}
