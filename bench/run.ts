/** `npm run bench -- NAME…`: runs benchmarks one after the other; without a name it says which there are. */

const benchmarks: Readonly<Record<string, () => Promise<{ run(): Promise<void> }>>> = {
  api: () => import('./api.ts'),
  components: () => import('./components.ts'),
  footprint: () => import('./footprint.ts'),
  join: () => import('./join.ts'),
  pods: () => import('./pods.ts'),
  proxy: () => import('./proxy.ts'),
  scheduler: () => import('./scheduler.ts'),
  store: () => import('./store.ts'),
  watch: () => import('./watch.ts'),
};

async function main(names: readonly string[]): Promise<void> {
  const there = `Benchmarks: ${Object.keys(benchmarks).join(', ')}. Run one by: npm run bench -- NAME\n`;
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
  for (const name of names) await (await benchmarks[name]?.())?.run();
}

await main(process.argv.slice(2));

export {};
