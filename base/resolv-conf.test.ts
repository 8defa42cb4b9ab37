import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseResolvConf, readResolvConf } from './resolv-conf.ts';

describe('parseResolvConf', () => {
  it('takes servers and options of all lines, and the last line of domains', () => {
    const text = '# c\nnameserver 192.0.2.1\nsearch a.example\n nameserver\t::1\noptions rotate\nsearch b.example. .\n';
    assert.deepEqual(parseResolvConf(text), {
      nameservers: ['192.0.2.1', '::1'],
      searches: ['b.example', '.'],
      options: ['rotate'],
    });
  });
});

describe('readResolvConf', () => {
  const files = (content: Readonly<Record<string, string>>) => async (path: string) => {
    const text = content[path];
    if (text === undefined) throw new Error(`no ${path}`);
    return text;
  };
  const stub = { '/etc/resolv.conf': 'nameserver 127.0.0.53\n' };
  const real = 'nameserver 192.0.2.1\n';

  it('follows the stub of systemd-resolved to its own file', async () => {
    assert.equal(await readResolvConf(undefined, files({ ...stub, '/run/systemd/resolve/resolv.conf': real })), real);
  });

  it('keeps the stub where there is no other', async () => {
    assert.equal(await readResolvConf(undefined, files(stub)), 'nameserver 127.0.0.53\n');
  });

  it('takes any other file as it is, and one that is named', async () => {
    const all = files({ '/etc/resolv.conf': real, '/own': stub['/etc/resolv.conf'] });
    assert.equal(await readResolvConf(undefined, all), real);
    assert.equal(await readResolvConf('/own', all), 'nameserver 127.0.0.53\n');
  });

  it('fails where the file is not there', async () => {
    await assert.rejects(readResolvConf(undefined, files({})), /no \/etc\/resolv.conf/);
  });
});
