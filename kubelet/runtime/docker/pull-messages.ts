/** What the engine says of a layer while it pulls an image. Pure. */

import { isRecord } from '../../../api/json-record.ts';
import type { LayerProgress } from '../runtime.ts';

const states: Readonly<Record<string, LayerProgress['state']>> = {
  'Pulling fs layer': 'waiting',
  Waiting: 'waiting',
  Downloading: 'downloading',
  'Verifying Checksum': 'unpacking',
  'Download complete': 'unpacking',
  Extracting: 'unpacking',
  'Pull complete': 'done',
  'Already exists': 'done',
};

/** Undefined: it is about something else than a layer. */
export function readPullMessage(message: unknown): LayerProgress | undefined {
  if (!isRecord(message)) return undefined;
  const { id, status, progressDetail } = message;
  if (typeof id !== 'string' || typeof status !== 'string' || !Object.hasOwn(states, status)) return undefined;
  const state = states[status];
  if (state === undefined) return undefined;
  if (state !== 'downloading' || !isRecord(progressDetail)) return { id, state };
  const { current, total } = progressDetail;
  return {
    id,
    state,
    ...(isSize(current) && { bytes: current }),
    ...(isSize(total) && total > 0 && { totalBytes: total }),
  };
}

const isSize = (value: unknown): value is number => typeof value === 'number' && value >= 0;
