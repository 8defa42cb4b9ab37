/** Names of images: what is one, and which registry it is from. Pure. */

export type ParsedImageName = { readonly name: string; readonly registry: string } | { readonly error: string };

const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const pattern = new RegExp(
  `^(?:((?:[a-zA-Z0-9.-]+|\\[[0-9a-fA-F:]+\\])(?::\\d+)?)/)?(${component}(?:/${component})*)(?::([\\w][\\w.-]{0,127}))?(@[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,})?$`,
);
export const defaultRegistry = 'docker.io';
/** Docker's own registry goes by several names. */
export const registryNames: readonly string[] = [defaultRegistry, 'index.docker.io', 'registry-1.docker.io'];

export function parseImageName(text: string): ParsedImageName {
  const { registry, rest } = splitRegistry(text);
  const match = pattern.exec(`${registry}/${rest}`);
  if (match !== null) return { name: match[3] || match[4] ? text : `${text}:latest`, registry };
  return { error: explain(registry, rest) };
}

/**
 * Where an image comes from, without tag and digest, in one form for each: `busybox:1` → `docker.io/library/busybox`.
 * Of what is no name, the text itself.
 */
export function repositoryOf(image: string): string {
  const { registry, rest } = splitRegistry(image);
  const match = pattern.exec(`${registry}/${rest}`);
  if (match === null) return image;
  const path = match[2] ?? rest;
  const host = registryNames.includes(registry) ? defaultRegistry : registry;
  return `${host}/${host === defaultRegistry && !path.includes('/') ? `library/${path}` : path}`;
}

/** The part before the first slash is a registry when it looks like a host. */
function splitRegistry(text: string): { readonly registry: string; readonly rest: string } {
  const slash = text.indexOf('/');
  const first = text.slice(0, slash);
  if (
    slash > 0 &&
    (first.includes('.') || first.includes(':') || first === 'localhost' || first.toLowerCase() !== first)
  )
    return { registry: first, rest: text.slice(slash + 1) };
  return { registry: defaultRegistry, rest: text.includes('/') ? text : `library/${text}` };
}

function explain(registry: string, rest: string): string {
  const path = rest.split(/[:@]/)[0] ?? '';
  if (path.toLowerCase() !== path) {
    const shown = registry === defaultRegistry ? path : `${registry}/${path}`;
    return `invalid reference format: repository name (${shown}) must be lowercase`;
  }
  return 'invalid reference format';
}
