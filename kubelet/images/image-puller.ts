/**
 * Brings an image onto the node for a pod, by its pull policy; tells users each step; waits longer after each failure. An
 * image that is there already is the pod's only if the pod could have pulled it (`pull-verification.ts`).
 */

import type { Clock } from '../../base/clock.ts';
import { toldText } from '../../base/cut-text.ts';
import { errorText } from '../../base/error-text.ts';
import { untilAborted } from '../../base/until-aborted.ts';
import type { EventNews, EventSubject } from '../../client/event-correlator.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import { eventSubject } from '../model/event-subject.ts';
import { formatDuration } from '../model/go-duration.ts';
import type { PodContainer, PodObject } from '../model/pod.ts';
import { StartError } from '../model/start-error.ts';
import type { ImageDetails, ImageRuntime } from '../runtime/runtime.ts';
import { parseImageName, repositoryOf } from './image-name.ts';
import type { PullProgress } from './pull-progress.ts';
import type { PullRecords } from './pull-records.ts';
import type { PullCredentials, PullSecrets } from './pull-secrets.ts';
import { findKnown, judgeAccess, type Verification } from './pull-verification.ts';
import type { SharedPulls } from './shared-pulls.ts';

const baseMs = 10_000;
const maxMs = 300_000;
/** So long ErrImagePull is shown before it becomes ImagePullBackOff. */
export const showPullErrorMs = 3_000;
/** How far a pull is is told first after this time, then each time after twice as long: seldom, and never for a short one. */
const firstProgressMs = 10_000;

interface Failure {
  readonly words: string;
  readonly waitMs: number;
  /** Monotonic. */
  readonly failedAt: number;
  readonly until: number;
}

/** An image that a pod needs. */
export interface WantedImage {
  /** As the user wrote it. */
  readonly image: string;
  /** `IfNotPresent` where it is not said. */
  readonly policy: string | undefined;
  /** What of the pod needs it, such as the name of a container: each waits by itself. */
  readonly user: string;
  /** Of whom it is told. */
  readonly subject: EventSubject;
}

export interface ImagePullerOptions {
  readonly runtime: Pick<ImageRuntime, 'inspectImage'>;
  readonly pulls: Pick<SharedPulls, 'join'>;
  readonly secrets: PullSecrets;
  readonly records: PullRecords;
  readonly verification: Verification;
  readonly recorder: Recorder;
  readonly clock: Clock;
}

type News = Pick<EventNews, 'type' | 'reason' | 'message'>;

export class ImagePuller {
  readonly #options: ImagePullerOptions;
  /** By pod, user and image. */
  readonly #failures = new Map<string, Failure>();
  /** Images that pods were found to have the credentials for, by pod and image: they are asked for once. */
  readonly #verified = new Set<string>();

  constructor(options: ImagePullerOptions) {
    this.#options = options;
  }

  async ensure(pod: PodObject, container: PodContainer, signal: AbortSignal): Promise<ImageDetails> {
    const { name, image = '', imagePullPolicy: policy } = container.spec;
    return await this.ensureImage(pod, { image, policy, user: name, subject: eventSubject(pod, container) }, signal);
  }

  /** For a container or a volume. Throws `StartError` with the reason for the status. */
  async ensureImage(pod: PodObject, wanted: WantedImage, signal: AbortSignal): Promise<ImageDetails> {
    const { image, policy = 'IfNotPresent' } = wanted;
    const name = this.#parse(wanted);
    const present = policy === 'Always' ? undefined : await this.#options.runtime.inspectImage(name);
    if (present !== undefined && (await untilAborted(this.#mayUse(pod, name, present.id), signal))) {
      const message = `Container image "${image}" already present on machine and can be accessed by the pod`;
      this.#tell(wanted, { type: 'Normal', reason: 'Pulled', message });
      return present;
    }
    if (policy === 'Never') {
      // As upstream, also of one that is there and not this pod's.
      const message = `Container image "${image}" is not present with pull policy of Never`;
      this.#tell(wanted, { type: 'Warning', reason: 'ErrImageNeverPull', message });
      throw new StartError('ErrImageNeverPull', message);
    }
    return await this.#pull(pod, wanted, { name, signal });
  }

  /** When the next try of some image of this pod is due, in monotonic milliseconds. */
  nextTry(uid: string): number | undefined {
    const due = [...this.#failures].filter(([key]) => key.startsWith(`${uid}/`)).map(([, { until }]) => until);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  /** What is known of a pod: its next pull does not wait. */
  forget(uid: string): void {
    for (const key of this.#failures.keys()) if (key.startsWith(`${uid}/`)) this.#failures.delete(key);
    for (const key of this.#verified) if (key.startsWith(`${uid}/`)) this.#verified.delete(key);
  }

  #tell({ subject }: WantedImage, news: News): void {
    this.#options.recorder.record(subject, news);
  }

  #parse(wanted: WantedImage): string {
    const { image } = wanted;
    const parsed = parseImageName(image);
    if (!('error' in parsed)) return parsed.name;
    const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": ${parsed.error}`;
    this.#tell(wanted, { type: 'Warning', reason: 'InspectFailed', message });
    throw new StartError('InvalidImageName', message);
  }

  /** Whether the pod may run an image that is there. A pod that was found to may go on, also while the API is away. */
  async #mayUse(pod: PodObject, name: string, imageId: string): Promise<boolean> {
    const { records, secrets, verification } = this.#options;
    const record = records.recordOf(imageId);
    const access = judgeAccess({ name, record, isBeingPulled: records.isBeingPulled(name) }, verification);
    if (access !== 'byCredentials') return access === 'allowed';
    const key = verifiedKey(pod, name, imageId);
    if (this.#verified.has(key)) return true;
    const recorded = record?.repositories[repositoryOf(name)];
    const known = recorded && findKnown(recorded, await secrets.credentialsFor(pod, name));
    if (known === undefined) return false;
    this.#verified.add(key);
    await records.noteAccess(name, imageId, known);
    return true;
  }

  async #pull(
    pod: PodObject,
    wanted: WantedImage,
    { name, signal }: { readonly name: string; readonly signal: AbortSignal },
  ): Promise<ImageDetails> {
    const { secrets, pulls, clock } = this.#options;
    const { image, user } = wanted;
    const key = `${pod.metadata.uid}/${user}/${image}`;
    this.#checkBackoff(key, wanted);
    this.#tell(wanted, { type: 'Normal', reason: 'Pulling', message: `Pulling image "${image}"` });
    const askedAt = clock.monotonic();
    const over = new AbortController();
    try {
      const credentials: readonly PullCredentials[] = await untilAborted(secrets.credentialsFor(pod, name), signal);
      const { progress, done } = pulls.join(name, credentials, signal);
      const told = this.#tellProgress(wanted, progress, over.signal);
      const { image: found, startedAt } = await done.finally(() => over.abort());
      await told;
      this.#failures.delete(key);
      this.#verified.add(verifiedKey(pod, name, found.id));
      // Whoever came late waits less than the pull takes.
      const [took, all] = [Math.max(startedAt, askedAt), askedAt].map((since) =>
        formatDuration(clock.monotonic() - since),
      );
      const message = `Successfully pulled image "${image}" in ${took} (${all} including waiting). Image size: ${found.sizeBytes} bytes.`;
      this.#tell(wanted, { type: 'Normal', reason: 'Pulled', message });
      return found;
    } catch (error) {
      signal.throwIfAborted();
      // A registry may say megabytes, and each pod that waits remembers them.
      const words = toldText(errorText(error));
      this.#noteFailure(key, words);
      this.#tell(wanted, { type: 'Warning', reason: 'Failed', message: `Failed to pull image "${image}": ${words}` });
      throw new StartError('ErrImagePull', words);
    }
  }

  #checkBackoff(key: string, wanted: WantedImage): void {
    const { clock } = this.#options;
    const before = this.#failures.get(key);
    if (before !== undefined && clock.monotonic() < before.failedAt + showPullErrorMs)
      throw new StartError('ErrImagePull', before.words);
    if (before !== undefined && clock.monotonic() < before.until) {
      const message = `Back-off pulling image "${wanted.image}"`;
      this.#tell(wanted, { type: 'Normal', reason: 'BackOff', message });
      throw new StartError('ImagePullBackOff', `${message}: ErrImagePull: ${before.words}`);
    }
  }

  #noteFailure(key: string, words: string): void {
    const now = this.#options.clock.monotonic();
    const before = this.#failures.get(key);
    const waitMs = before === undefined ? baseMs : Math.min(maxMs, before.waitMs * 2);
    this.#failures.set(key, { words, waitMs, failedAt: now, until: now + waitMs });
  }

  /** Until `signal` aborts. Never rejects. */
  async #tellProgress(wanted: WantedImage, progress: PullProgress, signal: AbortSignal): Promise<void> {
    for (let waitMs = firstProgressMs; ; waitMs *= 2) {
      await this.#options.clock.sleep(waitMs, signal);
      if (signal.aborted) return;
      const text = progress.describe();
      if (text === undefined) continue;
      const message = `Pulling image "${wanted.image}": ${text}`;
      this.#tell(wanted, { type: 'Normal', reason: 'PullProgress', message });
    }
  }
}

const verifiedKey = ({ metadata }: PodObject, name: string, imageId: string): string =>
  `${metadata.uid}/${repositoryOf(name)}/${imageId}`;
