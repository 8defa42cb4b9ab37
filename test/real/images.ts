/** Images of programs of this machine, in the sandbox's engine: the program, what it links to, and nothing else. */

import { runToEnd } from './world.ts';

/** `program` becomes `/NAME` of the image, and what it runs when nothing else is said. */
export async function importProgram(image: string, program: string): Promise<void> {
  const script = `
    set -e
    tree=$(mktemp -d)
    name=$(basename "$2")
    install -D "$2" "$tree/$name"
    mkdir -m 1777 "$tree/tmp"
    # A program that is not linked to anything has no such list.
    for library in $(ldd "$2" 2>/dev/null | grep -o '/[^ ]*' || true); do install -D "$library" "$tree$library"; done
    tar -C "$tree" -c . | docker import -c "ENTRYPOINT [\\"/$name\\"]" - "$1"
    rm -r "$tree"`;
  await runToEnd(['bash', '-c', script, 'import', image, program]);
}
