/** What the bindings of one policy have to say to the audit event: values of one key stand side by side, each once. */

import type { AdmissionRequest } from '../../registry/admission.ts';

const longestValueBytes = 10 * 1024;

export class AuditAnnotations {
  readonly #values = new Map<string, Set<string>>();

  add(key: string, value: string): void {
    const cut = Buffer.from(value).subarray(0, longestValueBytes).toString('utf8');
    this.#values.set(key, (this.#values.get(key) ?? new Set()).add(cut));
  }

  publish(policy: string, request: Pick<AdmissionRequest, 'annotate'>): void {
    for (const [key, values] of this.#values) request.annotate(`${policy}/${key}`, [...values].join(', '));
  }
}
