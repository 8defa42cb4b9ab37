/** Reads and changes the routes that proxies made in the kernel's table, and no others: they carry a mark of their own. */

import { isRecord } from '../../api/json-record.ts';
import type { RunProgram } from '../program.ts';
import { isWithin, type Route } from './route-plan.ts';

/** The protocol that our routes name (`ip route show proto 76`). No other program has this number. */
export const routeProtocol = '76';

/** Those to parts of `clusterCidr`. */
export async function readRoutes(run: RunProgram, clusterCidr: string): Promise<Route[]> {
  const found: unknown = JSON.parse(await run(['ip', '-json', 'route', 'show', 'proto', routeProtocol]));
  const lines = Array.isArray(found) ? found : [];
  return lines.flatMap((line: unknown) => {
    if (!isRecord(line) || typeof line.dst !== 'string') return [];
    const gateway = typeof line.gateway === 'string' ? line.gateway : '';
    return isWithin(line.dst, clusterCidr) ? [{ network: line.dst, gateway }] : [];
  });
}

export async function setRoute(run: RunProgram, { network, gateway }: Route): Promise<void> {
  await run(['ip', 'route', 'replace', network, 'via', gateway, 'proto', routeProtocol]);
}

export async function removeRoute(run: RunProgram, { network }: Route): Promise<void> {
  await run(['ip', 'route', 'delete', network, 'proto', routeProtocol]);
}
