import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { classes, encodeTcpFrame, Message, methods } from 'werift';
import { afterEach, describe, expect, it } from 'vitest';
import type { MediaLink } from '../../../../src/egress/webrtc/media-links.ts';
import { MediaPort } from '../../../../src/egress/webrtc/media-port.ts';

const DTLS = Buffer.from([22, 254, 253, 0]);
const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const thing of open.splice(0).toReversed()) await thing.close();
});

/** A viewer that the port knows, and what it has received. */
function aPeer(port: MediaPort, username = 'abcd', password = 'secret') {
  const links: MediaLink[] = [];
  const packets: string[] = [];
  const unregister = port.register({
    username,
    password,
    onCheck: (_message, link) => void links.push(link),
    onPacket: (data) => void packets.push(data.toString('hex')),
  });
  return { links, packets, unregister };
}

function aCheck(username = 'abcd', password = 'secret'): Buffer {
  const message = new Message(methods.BINDING, classes.REQUEST);
  message.setAttribute('USERNAME', `${username}:them`).addMessageIntegrity(Buffer.from(password)).addFingerprint();
  return message.bytes;
}

async function aPort(host = '127.0.0.1'): Promise<MediaPort> {
  const port = new MediaPort(host);
  await port.listen(0);
  open.push(port);
  return port;
}

async function aSocket(port: MediaPort) {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  open.push({ close: () => socket.close() });
  return { socket, send: (data: Buffer) => socket.send(data, port.port, '127.0.0.1') };
}

const until = (probe: () => unknown) => expect.poll(probe);

describe('MediaPort', () => {
  it('tells viewers apart by the checks that come from their addresses', async () => {
    const port = await aPort();
    const [one, two] = [aPeer(port), aPeer(port, 'efgh', 'other')];
    const [first, second] = [await aSocket(port), await aSocket(port)];

    first.send(aCheck());
    second.send(aCheck('efgh', 'other'));
    await until(() => [one.links.length, two.links.length]).toEqual([1, 1]);
    second.send(DTLS);
    await until(() => two.packets).toEqual([DTLS.toString('hex')]);

    expect(one.packets).toEqual([]);
    expect(one.links[0]).toMatchObject({ transport: 'udp', port: first.socket.address().port });
  });

  it('sends back over the way that a check came', async () => {
    const port = await aPort();
    const peer = aPeer(port);
    const { socket, send } = await aSocket(port);

    send(aCheck());
    await until(() => peer.links.length).toBe(1);
    const received = once(socket, 'message');
    peer.links[0]!.send(Buffer.from('picture'));

    expect(String((await received)[0])).toBe('picture');
  });

  it('serves IPv4 on a socket that is bound for both', async () => {
    const port = await aPort('::');
    const peer = aPeer(port);
    const { socket, send } = await aSocket(port);

    send(aCheck());
    await until(() => peer.links.length).toBe(1);
    const received = once(socket, 'message');
    peer.links[0]!.send(Buffer.from('picture'));

    expect(peer.links[0]!.host).toBe('127.0.0.1');
    expect(String((await received)[0])).toBe('picture');
  });

  it.each([
    ['a wrong password', aCheck('abcd', 'guess')],
    ['an unknown user', aCheck('nobody')],
    ['a check cut short', aCheck().subarray(0, 30)],
    ['bytes that only look like a check', Buffer.alloc(40)],
    ['a packet of another kind', DTLS],
    ['nothing', Buffer.alloc(0)],
  ])('drops %s from an address that it does not know', async (_what, data) => {
    const port = await aPort();
    const peer = aPeer(port);
    const stranger = await aSocket(port);
    const friend = await aSocket(port);

    stranger.send(data);
    stranger.send(DTLS);
    friend.send(aCheck());
    await until(() => peer.links.length).toBe(1);

    expect(peer.packets).toEqual([]);
  });

  it('hands nothing to a viewer who is gone', async () => {
    const port = await aPort();
    const [gone, other] = [aPeer(port), aPeer(port, 'efgh', 'other')];
    const { send } = await aSocket(port);
    send(aCheck());
    await until(() => gone.links.length).toBe(1);

    gone.unregister();
    send(DTLS);
    send(aCheck());
    send(aCheck('efgh', 'other'));
    await until(() => other.links.length).toBe(1);

    expect([gone.links.length, gone.packets]).toEqual([1, []]);
  });

  it('speaks over TCP too, with packets in frames cut anywhere', async () => {
    const port = await aPort();
    const peer = aPeer(port);
    const socket = connect(port.port, '127.0.0.1');
    await once(socket, 'connect');
    open.push({ close: () => socket.destroy() });
    const bytes = Buffer.concat([encodeTcpFrame(aCheck()), encodeTcpFrame(DTLS)]);

    socket.write(bytes.subarray(0, 11));
    await new Promise((resolve) => setTimeout(resolve, 30));
    socket.write(bytes.subarray(11));
    await until(() => peer.packets).toEqual([DTLS.toString('hex')]);
    const received = once(socket, 'data');
    peer.links[0]!.send(Buffer.from('picture'));

    expect(peer.links[0]!.transport).toBe('tcp');
    expect((await received)[0]).toEqual(encodeTcpFrame(Buffer.from('picture')));
    const closed = once(socket, 'close');
    peer.unregister();
    await closed;
  });

  it('closes a connection whose first packet is no right check', async () => {
    const port = await aPort();
    aPeer(port);
    const socket = connect(port.port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');

    socket.write(encodeTcpFrame(aCheck('abcd', 'guess')));

    await once(socket, 'close');
    expect(socket.destroyed).toBe(true);
  });

  it('says that its port is taken, for UDP and for TCP', async () => {
    const udp = await aSocket(await aPort());
    const tcp = createServer().listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    open.push(tcp);

    for (const taken of [udp.socket.address().port, (tcp.address() as { port: number }).port]) {
      const late = new MediaPort('127.0.0.1');
      await expect(late.listen(taken)).rejects.toMatchObject({ type: 'port-in-use' });
      await late.close();
    }
  });
});
