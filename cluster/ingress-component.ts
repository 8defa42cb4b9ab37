/** The ingress as a part of a cluster on this machine, with its health, figures and history on loopback. */

import { startHealthServer } from '../base/health-server.ts';
import type { Running } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import { Metrics } from '../base/metrics.ts';
import { networkErrorText } from '../base/network-error-text.ts';
import type { Connection } from '../client/connection.ts';
import { startIngress } from '../ingress/ingress.ts';
import { type IngressFlagValues, ingressFlags, parseIngressFlags } from '../ingress/ingress-options.ts';

/** As ingress-nginx has it. */
const healthPort = 10254;

export interface IngressComponentOptions {
  readonly connection: Connection;
  readonly logger: Logger;
  readonly nodeName: string;
  readonly nodeIp: string;
  /** By flag; those that are not given are as they are by default. */
  readonly flags: Partial<IngressFlagValues>;
}

/** Throws `UserError` when what was given cannot be meant. */
export function ingressSettings(flags: Partial<IngressFlagValues>) {
  return parseIngressFlags({
    'http-port': ingressFlags['http-port'].default,
    'https-port': ingressFlags['https-port'].default,
    'proxy-protocol': ingressFlags['proxy-protocol'].default,
    'trusted-proxies': ingressFlags['trusted-proxies'].default,
    'max-connections': ingressFlags['max-connections'].default,
    'max-connections-per-address': ingressFlags['max-connections-per-address'].default,
    ...flags,
  });
}

export async function startIngressComponent({ flags, ...options }: IngressComponentOptions): Promise<Running> {
  const metrics = new Metrics();
  const ingress = await startIngress({ ...options, ...ingressSettings(flags), metrics });
  const health = await startHealth();
  return {
    name: ingress.name,
    done: ingress.done,
    async stop() {
      await ingress.stop();
      await health?.stop();
    },
  };

  /** Another cluster of this machine may have the port: nothing depends on it. */
  async function startHealth(): Promise<Running | undefined> {
    const readyChecks = { ingress: () => ingress.whyNotReady() };
    try {
      return await startHealthServer({ port: healthPort, metrics, readyChecks, answers: ingress.answers });
    } catch (error) {
      const why = networkErrorText(error);
      options.logger.warn('Health and figures of the ingress are not shown', { port: healthPort, why });
      return undefined;
    }
  }
}
