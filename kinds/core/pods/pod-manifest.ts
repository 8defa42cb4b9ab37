/**
 * Pods as a kubelet reads them from a file or URL of its own: decoded, filled in and judged by the rules by which the
 * API server takes pods, without one. Pure.
 */

import { createHash } from 'node:crypto';
import { isRecord } from '../../../api/json-record.ts';
import { referredResourceOf } from '../../../api/referred-resource.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import { compareKeys } from '../../../base/compare.ts';
import { errorText } from '../../../base/error-text.ts';
import { parseYaml, YamlError } from '../../../machinery/codec/yaml.ts';
import { FieldErrors, FieldPath, invalidObject } from '../../../machinery/field-errors.ts';
import { DecodeError, decode } from '../../../machinery/schema/decode.ts';
import { validateMetadata } from '../../validation/metadata-validation.ts';
import { podKind } from './pod.ts';

/** What is written there is no pod that a kubelet can run by itself. The message says why. */
export class PodManifestError extends Error {
  override readonly name = 'PodManifestError';
}

export interface ManifestOptions {
  /** A PodList, or a List of pods, may stand there too. */
  readonly mayBeList: boolean;
  /**
   * Makes it a pod of the node, in place; called before it is judged. `hash` stands for what is written of it: 32
   * hexadecimal digits, the same whatever the order of fields is and whatever defaults a build has.
   */
  complete(pod: Pod, hash: string): void;
}

/** The pods of a text in YAML or JSON, of which the first document counts. Throws `PodManifestError`. */
export function readPodManifest(text: string, options: ManifestOptions): Pod[] {
  const value = parse(text);
  if (!isRecord(value)) throw new PodManifestError('invalid pod: there is no object');
  const isList = options.mayBeList && value.apiVersion === 'v1' && (value.kind === 'PodList' || value.kind === 'List');
  if (!isList) return [readPod(value, options)];
  const items = Array.isArray(value.items) ? value.items : [];
  return items.map((item: unknown) =>
    readPod(isRecord(item) ? { apiVersion: 'v1', kind: 'Pod', ...item } : item, options),
  );
}

function parse(text: string): unknown {
  try {
    return parseYaml(text).value;
  } catch (error) {
    if (error instanceof YamlError) throw new PodManifestError(errorText(error), { cause: error });
    throw error;
  }
}

function readPod(value: unknown, { complete }: ManifestOptions): Pod {
  if (!isRecord(value) || value.apiVersion !== 'v1' || value.kind !== 'Pod')
    throw new PodManifestError(`invalid pod: expected kind Pod of v1, found ${describeKind(value)}`);
  const pod = decodePod(value);
  const hash = createHash('md5').update(JSON.stringify(pod, sortedKeys)).digest('hex');
  delete pod.status;
  podKind.strategy.setDefaults?.(pod);
  if (!pod.metadata?.name) throw new PodManifestError('invalid pod: name is needed for the pod');
  complete(pod, hash);
  const errors = new FieldErrors();
  validateMetadata(podKind, pod, errors);
  checkUid(pod.metadata.uid, errors);
  podKind.strategy.validate?.(pod, errors, { namespace: pod.metadata.namespace });
  if (!errors.empty)
    throw new PodManifestError(`invalid pod: ${invalidObject(podKind, pod.metadata.name, errors.list).message}`);
  const resource = referredResourceOf(pod);
  if (resource !== undefined) throw new PodManifestError(`static pods may not reference ${resource}`);
  return pod;
}

/** Folders and groups of control of the node are called by it. */
function checkUid(uid: string | undefined, errors: FieldErrors): void {
  if (uid === undefined || /^[0-9A-Za-z][0-9A-Za-z-]{0,62}$/.test(uid)) return;
  errors.invalid(
    FieldPath.of('metadata').child('uid'),
    uid,
    'must be letters, digits and dashes, and no more than 63 of them',
  );
}

function describeKind(value: unknown): string {
  if (!isRecord(value)) return 'no object';
  return `kind ${JSON.stringify(value.kind ?? '')} of ${JSON.stringify(value.apiVersion ?? '')}`;
}

function decodePod(value: Readonly<Record<string, unknown>>): Pod {
  try {
    const { object } = decode(podKind.schema, value);
    if (isPod(object)) return object;
  } catch (error) {
    if (error instanceof DecodeError) throw new PodManifestError(`invalid pod: ${error.message}`, { cause: error });
    throw error;
  }
  throw new PodManifestError('invalid pod: there is no object');
}

/** The schema of pods, by which it was decoded, is what vouches for the rest. */
const isPod = (object: unknown): object is Pod => isRecord(object) && object.kind === podKind.kind;

const sortedKeys = (_: string, value: unknown): unknown =>
  isRecord(value) ? Object.fromEntries(Object.entries(value).sort(compareKeys)) : value;
