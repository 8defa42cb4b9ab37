/** What runs in the sandbox's engine, asked of Docker itself: the judge of whether anything was restarted or doubled. */

import { runProgram } from './local-cluster.ts';

export interface RunningContainer {
  readonly id: string;
  readonly pod: string;
  readonly container: string;
  readonly startedAt: string;
}

/** Longshore's running containers, without the ones that only hold a sandbox. */
export async function runningContainers(): Promise<RunningContainer[]> {
  const ids = (await runProgram('docker', ['ps', '-q', '--no-trunc', '--filter', 'label=dev.longshore.type=container']))
    .split('\n')
    .filter((id) => id !== '');
  if (ids.length === 0) return [];
  const format =
    '{{.Id}} {{index .Config.Labels "io.kubernetes.pod.name"}} {{index .Config.Labels "io.kubernetes.container.name"}} {{.State.StartedAt}}';
  return (await runProgram('docker', ['inspect', '-f', format, ...ids]))
    .trim()
    .split('\n')
    .map((line) => {
      const [id = '', pod = '', container = '', startedAt = ''] = line.split(' ');
      return { id, pod, container, startedAt };
    });
}

/** `id startedAt` of each: the same list before and after means that nothing was restarted. */
export async function containerIdentities(): Promise<string[]> {
  return (await runningContainers()).map(({ id, startedAt }) => `${id} ${startedAt}`).sort();
}

/** An image of busybox that sleeps, in the engine itself: for tests that are not about pulling. */
export async function importSleeper(image: string): Promise<void> {
  const script = `
    set -e
    tree=$(mktemp -d)
    install -D "$(command -v busybox)" "$tree/bin/busybox"
    for applet in sh sleep echo cat date; do ln -s busybox "$tree/bin/$applet"; done
    tar -C "$tree" -c . | docker import -c 'CMD ["sleep", "100000"]' -c 'ENV PATH=/bin' - "$0"
    rm -r "$tree"`;
  await runProgram('bash', ['-c', script, image]);
}

/** An image of all of busybox, with a user or two and a world-writable /tmp; its command runs when nothing else does. */
export async function importBusybox(image: string): Promise<void> {
  const script = `
    set -e
    tree=$(mktemp -d)
    install -D "$(command -v busybox)" "$tree/bin/busybox"
    for applet in $(busybox --list); do [ "$applet" = busybox ] || ln -s busybox "$tree/bin/$applet"; done
    mkdir -p "$tree/etc" && mkdir -m 1777 "$tree/tmp"
    printf 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' >"$tree/etc/passwd"
    tar -C "$tree" -c . |
      docker import -c 'ENTRYPOINT ["/bin/echo", "entrypoint"]' -c 'CMD ["default", "arguments"]' -c 'ENV PATH=/bin' - "$0"
    rm -r "$tree"`;
  await runProgram('bash', ['-c', script, image]);
}
