import { assert, ipV4, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressKind } from '../../../src/net/address.ts';
import { OwnHosts } from '../../../src/net/own-hosts.ts';
import { SourcePolicy } from '../../../src/net/source-policy.ts';

const DEFAULTS = ['loopback', 'private', 'public'];
const OWN = ['127.0.0.1', '::1', '192.168.1.5'];

function policy(allow: readonly string[] = DEFAULTS, answers: readonly string[] = []): SourcePolicy {
  return new SourcePolicy(
    { allow, ownPorts: [5000, 8554] },
    () => OWN,
    async () => answers,
  );
}

describe('kinds of addresses', () => {
  it.each([
    ['127.0.0.1', 'loopback'],
    ['127.255.0.9', 'loopback'],
    ['::1', 'loopback'],
    ['0:0:0:0:0:0:0:1', 'loopback'],
    ['10.1.2.3', 'private'],
    ['172.16.0.1', 'private'],
    ['172.32.0.1', 'public'],
    ['192.168.255.255', 'private'],
    ['fd12::1', 'private'],
    ['8.8.8.8', 'public'],
    ['2606:4700::1111', 'public'],
    ['100.100.100.200', 'special'],
    ['198.18.0.1', 'special'],
    ['4000::1', 'special'],
    ['0.0.0.0', 'refused'],
    ['0.1.2.3', 'refused'],
    ['::', 'refused'],
    ['169.254.169.254', 'refused'],
    ['fe80::1', 'refused'],
    ['fe80::1%eth0', 'refused'],
    ['fec0::1', 'refused'],
    ['224.0.0.1', 'refused'],
    ['255.255.255.255', 'refused'],
    ['ff02::1', 'refused'],
    ['fd00:ec2::254', 'refused'],
    ['::ffff:127.0.0.1', 'refused'],
    ['::FFFF:7f00:1', 'refused'],
    ['0:0:0:0:0:ffff:7f00:0001', 'refused'],
    ['::127.0.0.1', 'refused'],
    ['64:ff9b::7f00:1', 'refused'],
    ['2002:7f00:1::', 'refused'],
    ['2001:0:4136:e378::', 'refused'],
    ['localhost', 'refused'],
    ['', 'refused'],
  ])('%s is %s', (address, kind) => {
    expect(addressKind(address)).toBe(kind);
  });

  it('put every IPv4 address inside an IPv6 one out of reach', () => {
    assert(
      property(ipV4(), (address) => {
        expect(addressKind(`::ffff:${address}`)).toBe('refused');
        expect(addressKind(`64:ff9b::${address}`)).toBe('refused');
      }),
    );
  });
});

describe('the policy', () => {
  it('allows cameras at home, on this machine and in the internet by default', () => {
    for (const address of ['192.168.1.9', '127.0.0.1', '8.8.8.8', 'fd00::9', '2606:4700::1']) {
      expect(policy().refusal(address, 554)).toBeUndefined();
    }
  });

  it('refuses its own ports at every address of this machine, and only there', () => {
    for (const address of [...OWN, '127.9.9.9']) expect(policy().refusal(address, 8554)).toMatch(/this server itself/);
    expect(policy().refusal('192.168.1.6', 8554)).toBeUndefined();
    expect(policy().refusal('192.168.1.5', 554)).toBeUndefined();
  });

  it('allows what is named and nothing else, but never what is always refused', () => {
    const strict = policy(['192.168.7.0/24', '169.254.0.0/16', '100.64.0.0/10']);

    expect(strict.refusal('192.168.7.3', 554)).toBeUndefined();
    expect(strict.refusal('100.64.0.1', 554)).toBeUndefined();
    expect(strict.refusal('192.168.8.3', 554)).toMatch(/private/);
    expect(strict.refusal('127.0.0.1', 554)).toMatch(/loopback/);
    expect(strict.refusal('169.254.0.1', 554)).toMatch(/link-local/);
  });

  it('gives the first address of a name that may be used', async () => {
    const answers = ['169.254.169.254', 'fe80::1', '192.168.1.9', '192.168.1.10'];

    expect(await policy(DEFAULTS, answers).resolve('camera.example', 554)).toBe('192.168.1.9');
  });

  it('refuses a name whose addresses may all not be used', async () => {
    await expect(policy(DEFAULTS, ['169.254.169.254']).resolve('metadata.example', 80)).rejects.toMatchObject({
      type: 'source-refused',
    });
  });

  it('says that a name has no address', async () => {
    await expect(policy().resolve('nowhere.example', 554)).rejects.toMatchObject({ type: 'source-unreachable' });
    const failing = new SourcePolicy(
      { allow: DEFAULTS, ownPorts: [] },
      () => OWN,
      () => Promise.reject(new Error('ENOTFOUND')),
    );
    await expect(failing.resolve('nowhere.example', 554)).rejects.toMatchObject({ type: 'source-unreachable' });
  });

  it('does not ask the DNS for an address', async () => {
    expect(await policy(DEFAULTS, ['8.8.8.8']).resolve('192.168.1.9', 554)).toBe('192.168.1.9');
  });
});

describe('own hosts', () => {
  const hosts = new OwnHosts(['Pano.Example.org'], () => OWN);

  it('are loopback, the addresses of the interfaces and the public names', () => {
    for (const host of ['localhost', 'LOCALHOST', '127.0.0.2', '::1', '192.168.1.5', 'pano.example.org']) {
      expect(hosts.has(host)).toBe(true);
    }
    for (const host of ['192.168.1.6', 'example.org', '', '0.0.0.0']) expect(hosts.has(host)).toBe(false);
  });

  it('are printed by the first public name, else by the first address that others reach', () => {
    expect(hosts.preferred).toBe('pano.example.org');
    expect(new OwnHosts([], () => OWN).preferred).toBe('192.168.1.5');
    expect(new OwnHosts([], () => []).preferred).toBe('localhost');
  });
});
