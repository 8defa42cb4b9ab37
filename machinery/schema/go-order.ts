/**
 * Objects with their keys in the order in which Go writes them: fields as their struct declares them, keys of maps by
 * name. Messages that show a whole object are compared with upstream's, and read beside them.
 */

import { isRecord, type JsonRecord, own, setOwn } from '../../api/json-record.ts';
import { fieldOrderOf } from './protobuf-facts.ts';
import type { SchemaOrName } from './schema.ts';
import { type Shape, type StructShape, shapeOf } from './shape.ts';

/** Structs that declare their fields in another order than they number them on the wire. */
const declared: Readonly<Record<string, string>> = {
  'apis.meta.v1.OwnerReference': 'apiVersion kind',
  'core.v1.PodSpec':
    'volumes initContainers containers ephemeralContainers restartPolicy terminationGracePeriodSeconds activeDeadlineSeconds dnsPolicy nodeSelector serviceAccountName serviceAccount automountServiceAccountToken nodeName',
  'core.v1.Container':
    'name image command args workingDir ports envFrom env resources resizePolicy restartPolicy restartPolicyRules volumeMounts volumeDevices livenessProbe readinessProbe startupProbe lifecycle terminationMessagePath terminationMessagePolicy imagePullPolicy securityContext',
};

/**
 * A copy of `value`, an object of `schema`. What the patch `touched` was a map when it was written: its keys stand
 * by name, however deep the patch went.
 */
export function inGoOrder(schema: SchemaOrName, value: unknown, touched?: unknown): unknown {
  return ordered(shapeOf(schema), value, touched);
}

function ordered(shape: Shape | undefined, value: unknown, touched: unknown): unknown {
  if (Array.isArray(value)) {
    const items = shape?.type === 'list' ? shape.items : undefined;
    const inside = isRecord(touched) ? touched : {};
    return value.map((item, index) => ordered(items, item, own(inside, String(index))));
  }
  if (!isRecord(value)) return value;
  const copy: JsonRecord = {};
  for (const key of isRecord(touched) || shape?.type !== 'struct' ? byName(value) : byDeclaration(shape, value)) {
    const inside = isRecord(touched) ? own(touched, key) : undefined;
    setOwn(copy, key, ordered(memberOf(shape, key), value[key], inside));
  }
  return copy;
}

function memberOf(shape: Shape | undefined, key: string): Shape | undefined {
  if (shape?.type === 'struct') return shape.fields.get(key)?.shape;
  return shape?.type === 'map' ? shape.values : undefined;
}

const byName = (value: JsonRecord): string[] => Object.keys(value).sort();

/** The fields of a definition in the order in which Go declares them; some may stand twice, the first place counts. */
export function declaredFields(definition: string): string[] {
  const message = messageOf(definition);
  return [...(declared[message]?.split(' ') ?? []), ...fieldOrderOf(message)];
}

function byDeclaration({ definition }: StructShape, value: JsonRecord): string[] {
  const fields = declaredFields(definition);
  // What is not a field of the message is what all kinds begin with.
  const known = fields.includes('apiVersion') ? fields : ['kind', 'apiVersion', ...fields];
  const places = new Map<string, number>();
  for (const name of known) if (!places.has(name)) places.set(name, places.size);
  const placeOf = (name: string): number => places.get(name) ?? places.size;
  return byName(value).sort((a, b) => placeOf(a) - placeOf(b));
}

/** `io.k8s.api.core.v1.Pod` → `core.v1.Pod`, `io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta` → `apis.meta.v1.ObjectMeta`. */
const messageOf = (definition: string): string =>
  definition.replace(/^io\.k8s\.(?:apimachinery\.pkg\.|apiextensions-apiserver\.pkg\.apis\.|api\.)/, '');
