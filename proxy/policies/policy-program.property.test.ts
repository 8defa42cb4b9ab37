/** Random clusters: what the computed program does to connections is what the policies mean. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../api/types/core/v1.ts';
import type { LabelSelector } from '../../api/types/meta/v1.ts';
import type {
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from '../../api/types/networking/v1.ts';
import { podOf, policyOf, programOf } from './testing/policy-worlds.ts';
import { type Connection, isLetThrough } from './testing/program-judge.ts';
import { isAllowed, type JudgedWorld } from './testing/spec-judge.ts';

const worlds = 200;
const connectionsEach = 60;

/** Numbers that look random, the same ones for each seed. */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed * 2_654_435_761 + 1;
  }

  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) | 0;
    return ((this.#state >>> 8) * limit) >>> 24;
  }

  pick<T>(options: readonly [T, ...T[]]): T {
    return options[this.below(options.length)] ?? options[0];
  }

  some<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, make);
  }

  chance(inTen: number): boolean {
    return this.below(10) < inTen;
  }
}

const labelKeys = ['app', 'tier'] as const;
const labelValues = ['one', 'two', 'three'] as const;
const portNames = ['web', 'alt'] as const;
const numbers = [53, 79, 80, 81, 443, 8080] as const;
const outside = ['203.0.113.7', '203.0.113.200', '198.51.100.1', '0.0.0.1', '255.255.255.255'] as const;

function selectorOf(dice: Dice): LabelSelector {
  const key = dice.pick(labelKeys);
  if (dice.chance(3)) return {};
  if (dice.chance(6)) return { matchLabels: { [key]: dice.pick(labelValues) } };
  const operator = dice.pick(['In', 'NotIn', 'Exists', 'DoesNotExist']);
  const values = operator.endsWith('In') ? [dice.pick(labelValues), dice.pick(labelValues)] : [];
  return { matchExpressions: [{ key, operator, values }] };
}

function peerOf(dice: Dice): NetworkPolicyPeer {
  if (dice.chance(3)) {
    const [cidr, except] = dice.pick<[string, string[]]>([
      ['203.0.113.0/24', ['203.0.113.128/25']],
      ['203.0.113.7/32', []],
      ['0.0.0.0/0', ['10.244.0.0/16']],
      ['0.0.0.0/0', []],
      ['10.244.1.0/24', ['10.244.1.2/31', '10.244.1.0/30']],
      ['2001:db8::/32', []],
    ]);
    return { ipBlock: { cidr, except } };
  }
  return {
    ...(dice.chance(5) && { namespaceSelector: selectorOf(dice) }),
    podSelector: selectorOf(dice),
  };
}

function portOf(dice: Dice): NetworkPolicyPort {
  const protocol = dice.pick(['TCP', 'UDP', 'SCTP']);
  if (dice.chance(2)) return { protocol };
  if (dice.chance(3)) return { protocol, port: dice.pick(portNames) };
  const port = dice.pick(numbers);
  return { protocol, port, ...(dice.chance(3) && { endPort: port + dice.below(400) }) };
}

function specOf(dice: Dice): NetworkPolicySpec {
  const ports = () => dice.some(3, () => portOf(dice));
  const peers = () => dice.some(3, () => peerOf(dice));
  return {
    podSelector: selectorOf(dice),
    policyTypes: dice.pick<string[]>([['Ingress'], ['Egress'], ['Ingress', 'Egress']]),
    ingress: dice.some(3, () => ({ from: peers(), ports: ports() })),
    egress: dice.some(3, () => ({ to: peers(), ports: ports() })),
  };
}

function worldOf(dice: Dice): JudgedWorld {
  const labels = () => Object.fromEntries(dice.some(2, () => [dice.pick(labelKeys), dice.pick(labelValues)]));
  const namespace = () => dice.pick(['x', 'y', 'z']);
  const pods = Array.from({ length: 8 }, (_, i): Pod => {
    const node = dice.pick(['a', 'b']);
    const ports = dice.some(2, () => ({
      name: dice.pick(portNames),
      containerPort: dice.pick(numbers),
      protocol: dice.pick(['TCP', 'UDP']),
    }));
    const address = `10.244.${node === 'a' ? 1 : 2}.${1 + i}`;
    const phase = dice.chance(1) ? 'Succeeded' : 'Running';
    return podOf(
      { namespace: namespace(), address, labels: labels(), node, ports },
      { hostNetwork: dice.chance(1), phase },
    );
  });
  return {
    policies: dice.some(5, () => specOf(dice)).map((spec, i): NetworkPolicy => policyOf(`p${i}`, spec, namespace())),
    pods,
    namespaces: new Map(['x', 'y', 'z'].map((name) => [name, labels()])),
  };
}

function connectionOf(dice: Dice, { pods }: JudgedWorld): Connection {
  const address = () => (dice.chance(2) ? dice.pick(outside) : (pods[dice.below(pods.length)]?.status?.podIP ?? ''));
  return {
    ...{ client: address(), server: address(), protocol: dice.pick(['tcp', 'udp', 'sctp', 'icmp']) },
    port: dice.chance(7) ? dice.pick(numbers) : dice.below(65_536),
  };
}

describe('the program of policies', () => {
  it(`lets through what they allow, and nothing else, in ${worlds} clusters`, () => {
    const seen = { allowed: 0, refused: 0 };
    for (let seed = 1; seed <= worlds; seed++) {
      const dice = new Dice(seed);
      const world = worldOf(dice);
      const program = programOf(world);
      for (let i = 0; i < connectionsEach; i++) {
        const connection = connectionOf(dice, world);
        const expected = isAllowed(world, 'a', connection);
        seen[expected ? 'allowed' : 'refused'] += 1;
        const told = () => `seed ${seed}: ${JSON.stringify({ connection, world }, undefined, 1)}`;
        if (isLetThrough(program, 'forward', connection) !== expected) assert.fail(`not ${expected}, ${told()}`);
      }
    }
    // Worlds in which nothing is refused, or everything, would prove little.
    assert.ok(seen.allowed > 1_000 && seen.refused > 1_000, JSON.stringify(seen));
  });
});
