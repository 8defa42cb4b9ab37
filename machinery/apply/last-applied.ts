/**
 * The annotation in which kubectl's client-side apply keeps what it applied. Server-side apply by the same kubectl
 * takes those fields over without a conflict, and keeps the annotation true.
 */

import { isRecord, type JsonRecord, own } from '../../api/json-record.ts';
import { lastAppliedAnnotation } from '../../api/labels.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { compareKeys } from '../../base/compare.ts';
import { JsonError, parseJson } from '../json/json.ts';
import type { Schema } from '../schema/schema.ts';
import { compare } from './compare.ts';
import { difference, type FieldSet } from './field-set.ts';
import { fieldSetOf } from './field-set-of.ts';

/** The one manager for whom the annotation is looked at. */
export const kubectl = 'kubectl';
/** All annotations together may not be longer. */
const maxAnnotationBytes = 256 * 1024;

/** The fields that the annotation says and the live object still has as it says them. */
export function fieldsOfLastApplied(schema: Schema, live: KubernetesObject): FieldSet {
  const text = live.metadata?.annotations?.[lastAppliedAnnotation];
  const applied = text === undefined ? undefined : readApplied(text);
  if (applied === undefined) return {};
  const { added, modified, removed } = compare(schema, applied, live);
  return [added, modified, removed].reduce(difference, fieldSetOf(schema, applied));
}

function readApplied(text: string): JsonRecord | undefined {
  try {
    const { value } = parseJson(text);
    return isRecord(value) ? value : undefined;
  } catch (error) {
    // Somebody wrote something else there: then there is nothing to take over.
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

/** The object with its annotation made to say `config`, if it has one. */
export function withLastApplied(object: JsonRecord, config: JsonRecord): JsonRecord {
  const metadata = own(object, 'metadata');
  const annotations = isRecord(metadata) ? own(metadata, 'annotations') : undefined;
  if (!isRecord(metadata) || !isRecord(annotations) || own(annotations, lastAppliedAnnotation) === undefined)
    return object;
  const { [lastAppliedAnnotation]: _, ...others } = annotations;
  const text = `${sortedJson(withoutAnnotation(config))}\n`;
  const size = Object.entries(others).reduce(
    (sum, [key, value]) => sum + key.length + String(value).length,
    text.length,
  );
  const kept = size > maxAnnotationBytes ? others : { ...others, [lastAppliedAnnotation]: text };
  return { ...object, metadata: { ...metadata, annotations: kept } };
}

function withoutAnnotation(config: JsonRecord): JsonRecord {
  const metadata = own(config, 'metadata');
  if (!isRecord(metadata)) return config;
  const { managedFields: _, annotations, ...rest } = metadata;
  if (!isRecord(annotations)) return { ...config, metadata: rest };
  const { [lastAppliedAnnotation]: __, ...others } = annotations;
  return { ...config, metadata: Object.keys(others).length === 0 ? rest : { ...rest, annotations: others } };
}

function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    isRecord(member) ? Object.fromEntries(Object.entries(member).sort(compareKeys)) : member,
  );
}
