/** `npm run bench -- NAME… [--flag…]`: runs benchmarks one after the other; without a name it says which there are. */

type Benchmark = { run(flags: readonly string[]): Promise<void> };

const benchmarks: Readonly<Record<string, () => Promise<Benchmark>>> = {
  api: () => import('./api.ts'),
  components: () => import('./components.ts'),
  density: () => import('./density.ts'),
  deployments: () => import('./deployments.ts'),
  dns: () => import('./dns.ts'),
  extension: () => import('./extension.ts'),
  footprint: () => import('./footprint.ts'),
  ingress: () => import('./ingress.ts'),
  join: () => import('./join.ts'),
  policies: () => import('./policies.ts'),
  pods: () => import('./pods.ts'),
  probes: () => import('./probes.ts'),
  proxy: () => import('./proxy.ts'),
  requests: () => import('./requests.ts'),
  rollout: () => import('./rollout.ts'),
  scheduler: () => import('./scheduler.ts'),
  store: () => import('./store.ts'),
  watch: () => import('./watch.ts'),
};

async function main(words: readonly string[]): Promise<void> {
  const end = words.findIndex((word) => word.startsWith('--') && word !== '--help');
  const [names, flags] = end < 0 ? [words, []] : [words.slice(0, end), words.slice(end)];
  const there = `Benchmarks: ${Object.keys(benchmarks).join(', ')}. Run one by: npm run bench -- NAME [its flags]\n`;
  if (names.length === 0 || names.includes('--help')) {
    process.stdout.write(there);
    return;
  }
  const unknown = names.filter((name) => !Object.hasOwn(benchmarks, name));
  if (unknown.length > 0) {
    process.stderr.write(`No benchmark ${unknown.join(', ')}. ${there}`);
    process.exitCode = 1;
    return;
  }
  for (const name of names) await (await benchmarks[name]?.())?.run(flags);
}

await main(process.argv.slice(2));

export {};
