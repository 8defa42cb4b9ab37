/**
 * Where a CPU profile says that time was spent, by module: of the built program's own, and of node's and of packages.
 * Each sample counts for the innermost frame that it was in (self), and once for each module that it was inside of.
 */

import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../base/package-root.ts';
import type { CpuProfile, ProfileNode } from './profiler.ts';

export interface Share {
  readonly name: string;
  /** Of all time in which the thread was not idle, 0 to 1. */
  readonly self: number;
  readonly total: number;
}

export interface ProfileSummary {
  readonly byModule: readonly Share[];
  readonly byFunction: readonly Share[];
  readonly seconds: number;
}

const idle = new Set(['(idle)', '(root)']);

/** Greatest shares first. */
export function summarizeProfile(profile: CpuProfile, nameOf: (node: ProfileNode) => FrameName): ProfileSummary {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const names = new Map(profile.nodes.map((node) => [node.id, nameOf(node)]));
  const self = new Map<number, number>();
  let busy = 0;
  for (const [index, id] of profile.samples.entries()) {
    if (idle.has(nodes.get(id)?.callFrame.functionName ?? '')) continue;
    const time = profile.timeDeltas[index] ?? 0;
    busy += time;
    self.set(id, (self.get(id) ?? 0) + time);
  }
  const sums = { module: new Sums(), function: new Sums() };
  for (const [id, time] of self) {
    const way = wayTo(id, parents).map((at) => names.get(at) ?? unknownFrame);
    for (const part of ['module', 'function'] as const)
      sums[part].add(
        way.map((name) => name[part]),
        time,
      );
  }
  return {
    byModule: sums.module.shares(busy),
    byFunction: sums.function.shares(busy),
    seconds: busy / 1e6,
  };
}

/** From the node outwards. */
function wayTo(id: number, parents: ReadonlyMap<number, number>): number[] {
  const way: number[] = [];
  for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) way.push(at);
  return way;
}

class Sums {
  readonly #self = new Map<string, number>();
  readonly #total = new Map<string, number>();

  add([innermost = '', ...outer]: readonly string[], time: number): void {
    this.#self.set(innermost, (this.#self.get(innermost) ?? 0) + time);
    for (const name of new Set([innermost, ...outer])) this.#total.set(name, (this.#total.get(name) ?? 0) + time);
  }

  shares(busy: number): Share[] {
    return [...this.#total]
      .map(([name, total]) => ({ name, self: (this.#self.get(name) ?? 0) / busy, total: total / busy }))
      .sort((a, b) => b.self - a.self);
  }
}

export interface FrameName {
  readonly module: string;
  readonly function: string;
}

const unknownFrame: FrameName = { module: '(unknown)', function: '(unknown)' };

/** Names frames of built programs by the sources that they were built of. */
export function sourceNames(): (node: ProfileNode) => FrameName {
  const maps = new Map<string, SourceMap | undefined>();
  return ({ callFrame: { url, functionName, lineNumber, columnNumber } }) => {
    const named = functionName === '' ? '(anonymous)' : functionName;
    if (!url.startsWith('file:')) {
      const module = url === '' ? (functionName.startsWith('(') ? functionName : '(native)') : url;
      return { module, function: `${named} ${url}` };
    }
    const file = fileURLToPath(url);
    if (!maps.has(file)) maps.set(file, readMap(file));
    const entry = maps.get(file)?.findEntry(lineNumber, columnNumber);
    const source = entry !== undefined && 'originalSource' in entry ? entry.originalSource : url;
    const line = entry !== undefined && 'originalLine' in entry ? entry.originalLine + 1 : lineNumber + 1;
    const module = source.replace(/^(\.\.\/)+/, '').replace(/^.*node_modules\//, '') || relative(packageRoot, file);
    return { module, function: `${named} ${module}:${line}` };
  };
}

function readMap(file: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')));
  } catch {
    // It was not built: its frames bear their own names.
    return undefined;
  }
}

const shown = { modules: 60, functions: 60 };

export function printProfile(title: string, { byModule, byFunction, seconds }: ProfileSummary): void {
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`.padStart(7);
  const line = ({ name, self, total }: Share): string => `  ${percent(self)} self ${percent(total)} inside  ${name}`;
  const parts = [
    `${title}: ${seconds.toFixed(1)} s of computing, by module`,
    ...byModule.slice(0, shown.modules).map(line),
    'by function',
    ...byFunction.slice(0, shown.functions).map(line),
  ];
  process.stdout.write(`\n${parts.join('\n')}\n`);
}
