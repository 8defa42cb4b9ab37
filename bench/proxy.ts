/**
 * What a Service costs in nftables mode: requests a second from pod to pod, straight and through the cluster IP, with
 * one Service and with a thousand beside it; and how long a change takes to be in force. In network namespaces of its
 * own; needs root, nft and wrk.
 */

import { fileURLToPath } from 'node:url';
import type { Rules, ServiceRule } from '../proxy/services/rules.ts';
import { clusterCidr, LineProgram, NetworkLab, podIp } from '../test/support/network-lab.ts';
import { serviceRule } from '../test/support/service-rule.ts';
import { percentile } from './load.ts';
import { formatCount, limitRow, printReport, type Row } from './report.ts';

const port = 8080;
const clusterIp = '10.96.0.1';
const rounds = 7;
const seconds = 1;

function ruleOf(index: number, pods: readonly number[]): ServiceRule {
  return serviceRule(
    pods.map((pod) => ({ address: podIp(pod), port })),
    {
      name: `bench/service-${index}:`,
      clusterIp: index === 0 ? clusterIp : `10.96.${1 + Math.floor(index / 250)}.${1 + (index % 250)}`,
    },
  );
}

const rulesOf = (count: number, pods: readonly number[]): Rules => ({
  services: Array.from({ length: count }, (_, index) => ruleOf(index, index === 0 ? pods : [2])),
  localAddresses: [1, 2].map(podIp),
});

const pathOf = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

export async function run(): Promise<void> {
  const rows: Row[] = [];
  const lab = await NetworkLab.start(2);
  try {
    const peer = pathOf('../test/support/network-peer.ts');
    const node = new LineProgram(lab.startProgram(lab.node, peer));
    const server = new LineProgram(lab.startProgram(lab.pod(2), pathOf('./http-server.ts'), String(port)));
    await server.answer();
    const apply = async (rules: Rules): Promise<number> => {
      const began = performance.now();
      const answer = await node.ask({ do: 'apply', mode: 'nftables', clusterCidr, rules });
      if (answer !== 'applied') throw new Error(`The rules were not applied: ${JSON.stringify(answer)}`);
      return performance.now() - began;
    };
    const wrk = async (address: string, at: number, ...headers: string[]): Promise<number> => {
      const flags = ['-t1', '-c32', `-d${seconds}s`, ...headers.flatMap((header) => ['-H', header])];
      const text = await lab.run(lab.pod(1), 'wrk', ...flags, `http://${address}:${at}/`);
      return Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]);
    };
    for (const services of [1, 1000]) {
      await apply(rulesOf(services, [2]));
      for (const header of [[], ['Connection: close']]) {
        const straight: number[] = [];
        const through: number[] = [];
        // In turn, so that whatever else the machine does falls on both.
        for (let round = 0; round < rounds; round++) {
          straight.push(await wrk(podIp(2), port, ...header));
          through.push(await wrk(clusterIp, 80, ...header));
        }
        const [a, b] = [median(straight), median(through)];
        const kind = header.length > 0 ? 'a connection each' : 'kept connections';
        rows.push({
          name: `${services} services, ${kind}`,
          figure: `${formatCount(b)} requests/s`,
          beside: `${(b / a).toFixed(3)} × straight to the pod (${formatCount(a)}/s, to be 0.95 ×)`,
          isReached: b / a >= 0.95,
        });
      }
    }
    const changes: number[] = [];
    for (let i = 0; i < 20; i++) changes.push(await apply(rulesOf(1000, i % 2 === 0 ? [1, 2] : [2])));
    changes.sort((x, y) => x - y);
    rows.push(limitRow('1000 services, an endpoint changes: in force, p50', percentile(changes, 0.5), 100, 'ms'));
    rows.push(limitRow('1000 services, an endpoint changes: in force, p99', percentile(changes, 0.99), 1000, 'ms'));
    printReport('Services in nftables mode', rows);
  } finally {
    await lab.stop();
  }
}

function median(values: readonly number[]): number {
  return percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}
