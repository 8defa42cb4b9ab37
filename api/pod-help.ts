/** What would help a container that does not start, by the words in which kubelet, engine and registry refuse it. Pure. */

const imageHelp: readonly (readonly [RegExp, string])[] = [
  [/unauthorized|denied|authentication required|no basic auth/i, 'name a Secret with credentials in imagePullSecrets'],
  [/not found|manifest unknown/i, 'correct the name or the tag of the image, or push it'],
  [/pull policy of Never/i, 'load the image on the node, or set imagePullPolicy to IfNotPresent'],
  [/invalid reference format|couldn.t parse/i, 'write it as registry.example/name:tag, the name in small letters'],
  [
    /dial tcp|i\/o timeout|no such host|connection refused|x509|TLS|server gave HTTP/i,
    'see whether the node reaches that registry: its name, the network, its certificate',
  ],
];

const startHelp: readonly (readonly [RegExp, string])[] = [
  [/(secret|configmap) "[^"]*" not found/i, 'make what is missing, or set optional: true where it is named'],
  [/couldn.t find key/i, 'add the key to it, or correct the key where it is named'],
  [/runAsNonRoot/, 'set runAsUser to a number that is not 0, or use an image with a user of its own'],
  [
    /mount.*(not a directory|is a directory)|directory onto a file/i,
    'correct mountPath or subPath: a file goes on a file only, a folder on a folder',
  ],
  [/hostPath type check failed/, 'make the path on the node, or correct path or type of the volume'],
  [/exec: .*(not found|no such file)/i, 'correct command: this program is not in the image'],
  [/exec: .*permission denied/i, 'correct command: this file may not be executed'],
  [/unknown runtime/i, 'correct the annotation docker.longshore.dev/runtime, or give the engine that runtime'],
];

export const helpForImage = (said: string): Help => helpOf(imageHelp, said);
export const helpForStart = (said: string): Help => helpOf(startHelp, said);

interface Help {
  readonly help?: readonly string[];
}

function helpOf(table: typeof imageHelp, said: string): Help {
  const found = table.find(([words]) => words.test(said));
  return found === undefined ? {} : { help: [found[1]] };
}
