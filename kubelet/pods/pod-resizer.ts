/**
 * Decides when a pod gets the amounts that it asks for since it runs: at once where the node has room, later where
 * other pods are in the way, never where the node is too small. The pod's conditions and events say which.
 */

import type { Clock } from '../../base/clock.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import { computePodResize, computeResizes } from '../containers/allocated-resources.ts';
import { eventSubject } from '../model/event-subject.ts';
import type { ObservedPod, PodObject } from '../model/pod.ts';
import type { NodeAdmission } from './node-admission.ts';
import type { PodContext } from './pod-actions.ts';
import type { PodRuntimeState } from './pod-runtime-state.ts';
import { resizeSummary } from './resize-summary.ts';

export interface PodResizerOptions {
  readonly known: PodRuntimeState;
  readonly admission: Pick<NodeAdmission, 'resizeRefusalOf'>;
  readonly recorder: Recorder;
  readonly clock: Clock;
}

export type ResizeDecision = Pick<PodContext, 'resizes' | 'podResize'>;

const nothing: ResizeDecision = { resizes: [] };

export class PodResizer {
  readonly #options: PodResizerOptions;
  /** The version of the spec whose resize was told to begin, and has not ended. */
  #begun: number | undefined;

  constructor(options: PodResizerOptions) {
    this.#options = options;
  }

  /** What is to be resized now. */
  decide(pod: PodObject, observed: ObservedPod): ResizeDecision {
    const { known, admission, clock } = this.#options;
    const resizes = computeResizes(pod, observed);
    const podResize = computePodResize(pod, known.podResources);
    if (resizes.length === 0 && podResize === undefined) {
      this.#settle(pod);
      return nothing;
    }
    if (known.resizeHeldBackMs(clock.monotonic()) > 0 && known.resizeGeneration === pod.metadata.generation)
      return nothing;
    const refusal = admission.resizeRefusalOf(pod);
    if (refusal === undefined) {
      this.#begin(pod);
      return { resizes, podResize };
    }
    const { reason, cause, message } = refusal;
    const isNews = known.resizeTrouble?.message !== message;
    known.resizeHindered({ type: 'PodResizePending', reason, message }, clock.monotonic(), pod.metadata.generation);
    if (isNews) this.#tell(pod, 'Warning', `Resize${reason}`, `Pod resize ${cause}: ${resizeSummary(pod, message)}`);
    return nothing;
  }

  #begin(pod: PodObject): void {
    if (this.#options.known.resizeTrouble?.type === 'PodResizePending') this.#options.known.resizeSettled();
    if (this.#begun === pod.metadata.generation) return;
    this.#begun = pod.metadata.generation;
    this.#tell(pod, 'Normal', 'ResizeStarted', `Pod resize started: ${resizeSummary(pod)}`);
  }

  #settle(pod: PodObject): void {
    this.#options.known.resizeSettled();
    if (this.#begun === undefined) return;
    this.#begun = undefined;
    this.#tell(pod, 'Normal', 'ResizeCompleted', `Pod resize completed: ${resizeSummary(pod)}`);
  }

  #tell(pod: PodObject, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#options.recorder.record(eventSubject(pod), { type, reason, message });
  }
}
