/** Volumes whose files would lie on top of each other, or that hold nothing. */

import type { KeyToPath, PodSpec, VolumeProjection } from '../../../api/types/core/v1.ts';

interface Place {
  readonly path: string;
  /** What brings the file; empty when the volume has only one source. */
  readonly source: string;
}

export function overlapWarnings(spec: PodSpec): string[] {
  return (spec.volumes ?? []).flatMap(({ name, configMap, secret, downwardAPI, projected }) => {
    const warn = (what: string, overlaps: string[]) =>
      overlaps.map((text) => `volume ${JSON.stringify(name)} (${what}): overlapping paths: ${text}`);
    return [
      ...warn(`ConfigMap ${JSON.stringify(configMap?.name ?? '')}`, overlapsOf(placesOf(configMap?.items, ''))),
      ...warn(`Secret ${JSON.stringify(secret?.secretName ?? '')}`, overlapsOf(placesOf(secret?.items, ''))),
      ...warn('DownwardAPI', overlapsOf(placesOf(downwardAPI?.items, ''))),
      ...(projected?.sources ?? [])
        .filter((source) => Object.keys(source).length === 0)
        .map(() => `volume ${JSON.stringify(name)} (Projected) has no sources provided`),
      ...warn('Projected', overlapsOf((projected?.sources ?? []).flatMap(projectedPlaces))),
    ];
  });
}

const placesOf = (items: readonly Pick<KeyToPath, 'path'>[] | undefined, source: string): Place[] =>
  (items ?? []).map(({ path }) => ({ path, source }));

function projectedPlaces({ configMap, secret, downwardAPI, serviceAccountToken }: VolumeProjection): Place[] {
  if (configMap?.items) return placesOf(configMap.items, `ConfigMap ${JSON.stringify(configMap.name ?? '')}`);
  if (secret?.items) return placesOf(secret.items, `Secret ${JSON.stringify(secret.name ?? '')}`);
  if (downwardAPI?.items) return placesOf(downwardAPI.items, 'DownwardAPI');
  return serviceAccountToken ? [{ path: serviceAccountToken.path, source: 'ServiceAccountToken' }] : [];
}

function overlapsOf(places: readonly Place[]): string[] {
  const found: string[] = [];
  const seen: Place[] = [];
  for (const { path, source } of places) {
    const place = { path: path.replace(/\/+$/, ''), source };
    for (const other of seen) if (overlaps(place.path, other.path)) found.push(`${shown(place)} with ${shown(other)}`);
    seen.push(place);
  }
  return found;
}

const overlaps = (a: string, b: string): boolean =>
  a !== '' && b !== '' && (`${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`));

const shown = ({ path, source }: Place): string =>
  source === '' ? JSON.stringify(path) : `${JSON.stringify(path)} (${source})`;
