/** The way to a node's kubelet: where it listens, and who we are there. */

import https from 'node:https';
import type { Node } from 'kubernetes-types/core/v1';
import { nodes } from '../../../api/core/node.ts';
import { pods } from '../../../api/core/pod.ts';
import { badRequest, notFound } from '../../../api/status-error.ts';
import type { KeyPair } from '../../../base/certificates.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { findObject } from '../../admission/cached-objects.ts';
import type { Registries } from '../../registry/registries.ts';

export interface KubeletsOptions {
  readonly registries: Registries;
  /** Our certificate for kubelets; without, they see an anonymous client. */
  readonly client: KeyPair | undefined;
  /** PEM. Signs the kubelets' certificates. */
  readonly certificateAuthority: string;
}

export interface KubeletAddress {
  readonly host: string;
  readonly port: number;
}

const addressTypes: readonly string[] = ['InternalIP', 'Hostname', 'ExternalIP'];
const defaultPort = 10250;

export class Kubelets {
  readonly #options: KubeletsOptions;
  readonly #agent: https.Agent;

  constructor(options: KubeletsOptions) {
    this.#options = options;
    const { client, certificateAuthority } = options;
    this.#agent = new https.Agent({
      ca: certificateAuthority,
      ...(client && { cert: client.certificate, key: client.key }),
      // A kubelet's certificate names its node and addresses; which of them we use is the node's own choice.
      checkServerIdentity: () => undefined,
    });
  }

  /** Throws NotFound (upstream names it as a pod), BadRequest when the node has said no address yet. */
  async addressOf(nodeName: string, resource: { group: string; plural: string } = pods): Promise<KubeletAddress> {
    const node = (await findObject(this.#options.registries, nodes, { name: nodeName })) as
      | DeepReadonly<Node>
      | undefined;
    if (node === undefined) throw notFound(resource, nodeName);
    const addresses = node.status?.addresses ?? [];
    for (const wanted of addressTypes) {
      const found = addresses.find(({ type }) => type === wanted);
      if (found)
        return { host: found.address, port: node.status?.daemonEndpoints?.kubeletEndpoint?.Port || defaultPort };
    }
    throw badRequest('no preferred addresses found; known addresses: []');
  }

  get agent(): https.Agent {
    return this.#agent;
  }

  close(): void {
    this.#agent.destroy();
  }
}
