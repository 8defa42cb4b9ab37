import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { helpForImage, helpForStart } from './pod-help.ts';

describe('what would help a container that does not start', () => {
  const images: readonly [said: string, help: RegExp][] = [
    ['manifest for a.example/b:9 not found: manifest unknown', /the name or the tag/],
    ['pull access denied for b, repository does not exist or may require authorization', /imagePullSecrets/],
    ['Get "https://a.example/v2/": dial tcp: lookup a.example on 192.0.2.1:53: i/o timeout', /reaches that registry/],
    ['Get "https://a.example/v2/": dial tcp: lookup a.example: no such host', /reaches that registry/],
    ['Container image "b:1" is not present with pull policy of Never', /IfNotPresent/],
    ['couldn\'t parse image name "B c": invalid reference format', /small letters/],
    ['something new', /^$/],
  ];
  for (const [said, help] of images) it(said, () => assert.match(helpForImage(said).help?.join() ?? '', help));

  const starts: readonly [said: string, help: RegExp][] = [
    ['secret "a" not found', /make what is missing/],
    ['MountVolume.SetUp failed for volume "v" : configmap "a" not found', /make what is missing/],
    ["couldn't find key k in Secret ns/a", /add the key/],
    ['container has runAsNonRoot and image will run as root (pod: "p_ns(u)", container: c)', /runAsUser/],
    ['unable to start container process: exec: "x": executable file not found in $PATH: unknown', /not in the image/],
    ['unable to start container process: exec: "/x": stat /x: no such file or directory: unknown', /not in the image/],
    ['unable to start container process: exec: "/etc": permission denied: unknown', /may not be executed/],
    ['error mounting "s/0" to rootfs at "/etc/hostname/x": open: not a directory: unknown', /mountPath or subPath/],
    ['hostPath type check failed: /a is not a directory', /make the path on the node/],
    ['Failed to create pod sandbox: Unknown runtime specified nosuch', /docker.longshore.dev\/runtime/],
    ['something new', /^$/],
  ];
  for (const [said, help] of starts) it(said, () => assert.match(helpForStart(said).help?.join() ?? '', help));
});
