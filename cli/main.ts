/** The process of kubecfg. */

import { watchNpmParent } from './npm-parent.ts';
import { runKubecfg } from './run-kubecfg.ts';

const stop = new AbortController();
const interrupt = () => stop.abort();
process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
void watchNpmParent(interrupt);
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0); // the reader has seen enough: `kubecfg … | head`
  throw error;
});

const code = await runKubecfg(process.argv.slice(2), {
  out: process.stdout,
  errors: process.stderr,
  signal: stop.signal,
});

// Whatever a failed start left behind must not keep the process; output to files and pipes is written by now.
process.exit(code);
