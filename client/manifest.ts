/**
 * Manifests: objects as people write them down, in JSON or YAML: one, several documents, or a List. What is wrong with
 * one is a `UserError` that names its source and the document. Pure.
 */

import { CORE_SCHEMA, loadAll } from 'js-yaml';
import { isRecord } from '../api/json-record.ts';
import type { KubernetesObject } from '../api/object.ts';
import { errorText } from '../base/error-text.ts';
import { UserError } from '../base/user-error.ts';

export type Manifest = KubernetesObject & { apiVersion: string; kind: string };

/** The objects in `text`; `source` is for messages. */
export function parseManifests(text: string, source: string): Manifest[] {
  return parseDocuments(text, source).flatMap((document, index) =>
    flatten(document, `${source}, document ${index + 1}`),
  );
}

function parseDocuments(text: string, source: string): unknown[] {
  try {
    return loadAll(text, undefined, { schema: CORE_SCHEMA }).filter(
      (document) => document !== null && document !== undefined,
    );
  } catch (cause) {
    const detail = errorText(cause);
    throw new UserError(`${source} is neither YAML nor JSON: ${detail}`, { cause });
  }
}

function flatten(document: unknown, where: string): Manifest[] {
  if (!isRecord(document)) throw new UserError(`${where} is not an object with apiVersion and kind`);
  const { apiVersion, kind, items } = document;
  if (typeof apiVersion !== 'string' || apiVersion === '') throw new UserError(`${where}: apiVersion is missing`);
  if (typeof kind !== 'string' || kind === '') throw new UserError(`${where}: kind is missing`);
  if (kind.endsWith('List') && Array.isArray(items)) {
    return items.flatMap((item, index) => flatten(item, `${where}, item ${index + 1}`));
  }
  return [{ ...document, apiVersion, kind }];
}
