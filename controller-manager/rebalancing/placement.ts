/**
 * Where the pods are, and whether it is better that one of them were elsewhere. Pure.
 *
 * Better means, in this order:
 *   1. the pods of one set are on more nodes, or more evenly on them;
 *   2. of two nodes the fuller one gets emptier, and stays the fuller one by some margin.
 * Each such move makes (1) the sum of the squares of the counts of all sets smaller, or leaves it and (2) makes the loads
 * of all nodes, the highest first, lexicographically smaller. Neither can go on for ever, and none is ever undone.
 */

/** What a node has for pods. */
export interface Room {
  readonly name: string;
  /** In thousandths. */
  readonly cpu: number;
  /** In bytes. */
  readonly memory: number;
  readonly pods: number;
}

export interface PlacedPod {
  readonly uid: string;
  readonly node: string;
  /** Of which set it is, by uid; empty: of none. */
  readonly set: string;
  readonly cpu: number;
  readonly memory: number;
}

export interface Gain {
  /** How much more evenly the set's pods are spread. */
  readonly spread: number;
  /** By how much of a node's room the two nodes come nearer to each other. */
  readonly load: number;
}

/** Moving for less is not worth it. */
const margin = 0.1;

interface Used {
  readonly cpu: number;
  readonly memory: number;
  readonly pods: number;
}

const nothing: Used = { cpu: 0, memory: 0, pods: 0 };

export class Placement {
  readonly #rooms: ReadonlyMap<string, Room>;
  readonly #used = new Map<string, Used>();
  /** `<set> <node>` → how many pods. */
  readonly #counts = new Map<string, number>();

  constructor(rooms: readonly Room[], pods: Iterable<PlacedPod>) {
    this.#rooms = new Map(rooms.map((room) => [room.name, room]));
    for (const pod of pods) {
      this.#used.set(pod.node, withPod(this.#used.get(pod.node) ?? nothing, pod, 1));
      if (pod.set !== '') this.#counts.set(`${pod.set} ${pod.node}`, this.count(pod.set, pod.node) + 1);
    }
  }

  count(set: string, node: string): number {
    return this.#counts.get(`${set} ${node}`) ?? 0;
  }

  /** The share of the node's scarcest resource that is taken. A node without room is full. */
  load(node: string): number {
    return this.#loadOf(node, this.#used.get(node) ?? nothing);
  }

  /** Undefined: it is as well where it is, or there is no room for it. */
  gainOf(pod: PlacedPod, to: string): Gain | undefined {
    const difference = this.count(pod.set, pod.node) - this.count(pod.set, to);
    if (difference < 1) return undefined;
    const target = this.#loadOf(to, withPod(this.#used.get(to) ?? nothing, pod, 1));
    if (target > 1) return undefined;
    const source = this.#loadOf(pod.node, withPod(this.#used.get(pod.node) ?? nothing, pod, -1));
    const load = source - target;
    if (difference >= 2) return { spread: difference - 1, load };
    return load >= margin ? { spread: 0, load } : undefined;
  }

  #loadOf(node: string, { cpu, memory, pods }: Used): number {
    const room = this.#rooms.get(node);
    if (room === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(share(cpu, room.cpu), share(memory, room.memory), share(pods, room.pods));
  }
}

const withPod = ({ cpu, memory, pods }: Used, pod: PlacedPod, times: 1 | -1): Used => ({
  cpu: cpu + times * pod.cpu,
  memory: memory + times * pod.memory,
  pods: pods + times,
});

const share = (used: number, room: number): number => (used <= 0 ? 0 : used / room);
