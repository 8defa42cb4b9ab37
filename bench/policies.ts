/**
 * What NetworkPolicies cost: requests a second from pod to pod without any and with a thousand; and how long one pod
 * more takes to be in force with a thousand policies and 5,000 pods, beside a transaction that changes next to nothing.
 * In network namespaces of its own; needs root, nft and wrk.
 */

import { fileURLToPath } from 'node:url';
import type { Pod } from '../api/types/core/v1.ts';
import { silentLogger } from '../base/logger.ts';
import { NftTable } from '../proxy/nftables/nft-table.ts';
import { type CompiledPolicy, compilePolicy } from '../proxy/policies/compiled-policy.ts';
import { type PodFacts, podFactsOf } from '../proxy/policies/pod-facts.ts';
import { PodIndex } from '../proxy/policies/pod-index.ts';
import { computePolicyProgram, policyBaseChains } from '../proxy/policies/policy-program.ts';
import { ownNode, podOf, policyOf, storedOf } from '../proxy/policies/testing/policy-worlds.ts';
import { type RunProgram, runProgram } from '../proxy/program.ts';
import { LineProgram, NetworkLab, podIp } from '../test/support/network-lab.ts';
import { percentile } from './load.ts';
import { formatCount, limitRow, printReport, type Row } from './report.ts';

const port = 8080;
const table = 'longshore-policies';
const namespaces = 50;
const policies = 1_000;
const pods = 5_000;
/** Of them on this node. */
const ownPods = 100;
const rounds = 5;
const seconds = 1;
const changes = 20;

const namespaceOf = (index: number): string => `team-${index % namespaces}`;
const appOf = (index: number): string => `app-${Math.floor(index / namespaces) % 20}`;

/** The first two are the pods of the lab. */
function podAt(index: number): Pod {
  const isOwn = index < ownPods;
  const address = isOwn ? podIp(1 + index) : `10.244.${2 + Math.floor(index / 250)}.${1 + (index % 250)}`;
  const labels = { app: appOf(index), tier: `tier-${index % 3}` };
  const namespace = index < 2 ? namespaceOf(0) : namespaceOf(index);
  return podOf({ namespace, address, labels, node: isOwn ? ownNode : 'b' });
}

/** Each selects the pods of an app, and lets in those of two others and a block. */
function policyAt(index: number): CompiledPolicy {
  const app = (other: number) => ({ matchLabels: { app: appOf(index + other * namespaces) } });
  const spec = {
    podSelector: app(0),
    policyTypes: ['Ingress', 'Egress'],
    ingress: [
      { from: [{ podSelector: app(0) }, { podSelector: app(1) }], ports: [{ port }] },
      { from: [{ namespaceSelector: {}, podSelector: app(2) }], ports: [{ port: 9000, endPort: 9100 }] },
    ],
    egress: [{ to: [{ namespaceSelector: {} }] }, { to: [{ ipBlock: { cidr: `192.0.${index % 250}.0/24` } }] }],
  };
  return compilePolicy(storedOf(policyOf(`policy-${index}`, spec, namespaceOf(index))));
}

const pathOf = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

export async function run(): Promise<void> {
  const lab = await NetworkLab.start(2);
  try {
    const runInNode: RunProgram = (argv, input) => runProgram(['ip', 'netns', 'exec', lab.node, ...argv], input);
    const kept = new NftTable({ table, baseChains: policyBaseChains, logger: silentLogger, run: runInNode });
    const server = new LineProgram(lab.startProgram(lab.pod(2), pathOf('./http-server.ts'), String(port)));
    await server.answer();
    const labels = new Map(Array.from({ length: namespaces }, (_, i) => [namespaceOf(i), { team: String(i) }]));
    const compiled = Array.from({ length: policies }, (_, i) => policyAt(i));
    const facts = Array.from({ length: pods + 1 }, (_, i) => podFactsOf(podAt(i))).filter((one) => one !== undefined);
    const apply = async (count: number): Promise<{ readonly computeMs: number; readonly totalMs: number }> => {
      const began = performance.now();
      const some: PodFacts[] = facts.slice(0, count);
      const world = { policies: compiled, pods: new PodIndex(some, labels), nodeName: ownNode };
      const program = computePolicyProgram({ ...world, nodeNetworks: ['10.244.1.0/24'], dnsAddresses: [] }, { table });
      const computeMs = performance.now() - began;
      await kept.apply(program);
      return { computeMs, totalMs: performance.now() - began };
    };
    const wrk = async (): Promise<number> => {
      const text = await lab.run(lab.pod(1), 'wrk', '-t1', '-c32', `-d${seconds}s`, `http://${podIp(2)}:${port}/`);
      return Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]);
    };
    const [without, within]: [number[], number[]] = [[], []];
    // In turn, so that whatever else the machine does falls on both.
    for (let round = 0; round < rounds; round++) {
      await kept.remove();
      without.push(await wrk());
      await apply(pods);
      within.push(await wrk());
    }
    const took: number[] = [];
    const computed: number[] = [];
    const bare: number[] = [];
    for (let i = 0; i < changes; i++) {
      const { computeMs, totalMs } = await apply(i % 2 === 0 ? pods + 1 : pods);
      took.push(totalMs);
      computed.push(computeMs);
      bare.push(await emptyTransaction(runInNode));
    }
    printReport('Network policies', rowsOf({ without, within, took, computed, bare }));
  } finally {
    await lab.stop();
  }
}

async function emptyTransaction(runInNode: RunProgram): Promise<number> {
  const began = performance.now();
  await runInNode(['nft', '-f', '-'], 'add table ip nothing\ndelete table ip nothing\n');
  return performance.now() - began;
}

function rowsOf(measured: Readonly<Record<'without' | 'within' | 'took' | 'computed' | 'bare', number[]>>): Row[] {
  const [a, b] = [median(measured.without), median(measured.within)];
  const [computed, bare] = [median(measured.computed), median(measured.bare)];
  const beside = `of it computing ${computed.toFixed(1)} ms; a transaction of nothing ${bare.toFixed(1)} ms`;
  const change = limitRow(
    `${policies} policies, ${pods} pods, one more: in force, p50`,
    median(measured.took),
    100,
    'ms',
  );
  return [
    {
      name: `${policies} policies, kept connections`,
      figure: `${formatCount(b)} requests/s`,
      beside: `${(b / a).toFixed(3)} × without policies (${formatCount(a)}/s, to be 0.95 ×)`,
      isReached: b / a >= 0.95,
    },
    { ...change, beside: `${change.beside ?? ''}; ${beside}` },
  ];
}

function median(values: readonly number[]): number {
  return percentile(
    [...values].sort((x, y) => x - y),
    0.5,
  );
}
