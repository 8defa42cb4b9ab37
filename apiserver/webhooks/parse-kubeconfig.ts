/** The root of a kubeconfig that says how webhooks are reached. Pure. */

import { load } from 'js-yaml';
import { isRecord, type JsonRecord } from '../../api/json-record.ts';

/** Undefined: `text` is no YAML, or no record. */
export function parseKubeconfig(text: string): JsonRecord | undefined {
  try {
    const root = load(text);
    return isRecord(root) ? root : undefined;
  } catch {
    // Its message would show what is in the file.
    return undefined;
  }
}
