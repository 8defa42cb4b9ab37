/** What admission plugins say to one request, without a server: over objects that a test puts there. */

import assert from 'node:assert/strict';
import type { KubernetesObject, ObjectKey, Stored } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import { StatusError } from '../../api/status-error.ts';
import { AdmissionChain, type AdmissionPlugin, type AdmissionRequest } from '../../apiserver/registry/admission.ts';
import type { ObjectReader } from '../../apiserver/registry/object-reader.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Kind } from '../../kinds/kind.ts';

export interface Question {
  readonly kind: Kind;
  readonly namespace?: string;
  readonly object: KubernetesObject;
  /** Absent: it is created. */
  readonly previous?: KubernetesObject;
  readonly subresource?: string;
  readonly user?: string;
  readonly dryRun?: boolean;
}

export interface Answer {
  /** `403 pods "a" is forbidden: …`; empty: it is let through. */
  readonly refused: string;
  readonly warnings: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
}

/** Objects by what they are; each is read as it was put there. */
export class PlacedObjects implements ObjectReader {
  readonly #objects = new Map<string, KubernetesObject>();

  put(resource: Resource, object: KubernetesObject, namespace = ''): void {
    this.#objects.set(keyOf(resource, { namespace, name: object.metadata?.name ?? '' }), object);
  }

  async find<T extends KubernetesObject>(resource: Resource<T>, key: ObjectKey) {
    // A test puts there what its key says.
    return this.#objects.get(keyOf(resource, key)) as DeepReadonly<Stored<T>> | undefined;
  }

  async all<T extends KubernetesObject>(
    resource: Resource<T>,
    { namespace = '', matches }: Parameters<ObjectReader['all']>[1] = {},
  ) {
    const start = keyOf(resource, { namespace, name: '' });
    const found = [...this.#objects].filter(([key]) => key.startsWith(start));
    const isWanted = (name: string): boolean => matches?.({ name } as never) ?? true;
    const wanted = found.filter(([key]) => isWanted(key.slice(start.length)));
    return wanted.map(([, object]) => object as DeepReadonly<Stored<T>>);
  }
}

const keyOf = ({ group, plural }: Resource, { namespace = '', name }: ObjectKey): string =>
  `${group}/${plural}/${namespace}/${name}`;

/** Both rounds of admission; the object is changed in place. */
export async function askAdmission(
  plugins: readonly AdmissionPlugin[],
  { kind, namespace, object, previous, subresource, user = 'eve', dryRun = false }: Question,
): Promise<Answer> {
  const warnings: string[] = [];
  const annotations: Record<string, string> = {};
  const request: AdmissionRequest = {
    operation: previous === undefined ? 'CREATE' : 'UPDATE',
    ...{ kind, subresource, namespace, object, dryRun },
    name: object.metadata?.name ?? '',
    previous: previous as Stored | undefined,
    user: { name: user, groups: [] },
    warn: (text) => warnings.push(text),
    annotate(key, value) {
      annotations[key] ??= value;
    },
  };
  const chain = new AdmissionChain(plugins);
  try {
    await chain.admit(request);
    await chain.validate(request);
    return { refused: '', warnings, annotations };
  } catch (error) {
    assert.ok(error instanceof StatusError, String(error));
    return { refused: `${error.code} ${error.message}`, warnings, annotations };
  }
}
