/** The way to a node's kubelet: where it listens, who we are there, and who it must be: the owner of that address. */

import https from 'node:https';
import { isIP } from 'node:net';
import { nodes, pods } from '../../../api/resources/core.ts';
import { isForeignAddress } from '../../../api/special-ip.ts';
import { badRequest, notFound } from '../../../api/status-error.ts';
import { judgedLookup } from '../../../base/judged-lookup.ts';
import type { Logger } from '../../../base/logger.ts';
import { type AuthoritySource, RenewedAuthority } from '../../../base/renewed-authority.ts';
import { type KeyPairSource, RenewedKeyPair } from '../../../base/renewed-key-pair.ts';
import type { ObjectReader } from '../../registry/object-reader.ts';

export interface KubeletsOptions {
  readonly objects: ObjectReader;
  /** Our certificate for kubelets; without, they see an anonymous client. */
  readonly client: KeyPairSource | undefined;
  /** Signs the kubelets' certificates. */
  readonly certificateAuthority: AuthoritySource;
  /**
   * Whether a kubelet may be at a loopback or link-local address: only in a cluster that is one machine without a
   * network. Elsewhere a node that says so would have us talk to what listens beside us, and that would trust us.
   */
  readonly allowOwnHost: boolean;
  readonly logger: Logger;
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
  readonly #client: RenewedKeyPair | undefined;
  readonly #authority: RenewedAuthority;

  constructor(options: KubeletsOptions) {
    this.#options = options;
    const { client, certificateAuthority, logger } = options;
    this.#client = client && new RenewedKeyPair(client, { logger });
    this.#authority = new RenewedAuthority(certificateAuthority, { logger });
    this.#agent = new https.Agent({
      lookup: judgedLookup((address) => this.#allows(address)),
      // Node checks whose certificate it is in whole handshakes only: no session is ever resumed.
      maxCachedSessions: 0,
    });
  }

  /** Throws NotFound (upstream names it as a pod), BadRequest when the node has said no address yet. */
  async addressOf(nodeName: string, resource: { group: string; plural: string } = pods): Promise<KubeletAddress> {
    const node = await this.#options.objects.find(nodes, { name: nodeName });
    if (node === undefined) throw notFound(resource, nodeName);
    await this.#renew();
    const addresses = node.status?.addresses ?? [];
    for (const wanted of addressTypes) {
      const found = addresses.find(({ type }) => type === wanted);
      if (found === undefined) continue;
      // What is a name is judged when it is resolved.
      if (isIP(found.address) !== 0 && !this.#allows(found.address)) throw badRequest('address not allowed');
      return { host: found.address, port: node.status?.daemonEndpoints?.kubeletEndpoint?.Port || defaultPort };
    }
    throw badRequest('no preferred addresses found; known addresses: []');
  }

  #allows(address: string): boolean {
    return this.#options.allowOwnHost || isForeignAddress(address);
  }

  /** Whoever has asked for an address has the agent's certificate, and whom it trusts, looked at again. */
  get agent(): https.Agent {
    return this.#agent;
  }

  async #renew(): Promise<void> {
    const pair = await this.#client?.current();
    const ca = await this.#authority.current();
    // Connections that are made with other options than these are not used again.
    Object.assign(this.#agent.options, { ca, ...(pair && { cert: pair.certificate, key: pair.key }) });
  }

  close(): void {
    this.#agent.destroy();
  }
}
