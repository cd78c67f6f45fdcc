import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { classes, encodeTcpFrame, Message, methods, type RTCPeerConnection } from 'werift';
import { afterEach, describe, expect, it } from 'vitest';
import { SharedPortProtocol } from '../../../../src/egress/webrtc/ice-agent.ts';
import { MediaPort } from '../../../../src/egress/webrtc/media-port.ts';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const thing of open.splice(0).toReversed()) await thing.close();
});

/** A viewer's check that chooses the way it comes by. */
function aChoice(): Buffer {
  const message = new Message(methods.BINDING, classes.REQUEST);
  message.setAttribute('USERNAME', 'abcd:them').setAttribute('USE-CANDIDATE', null);
  return message.addMessageIntegrity(Buffer.from('secret')).addFingerprint().bytes;
}

/** The protocol of one session on a port, and the checks that werift's agent gets to see. */
async function aProtocol() {
  const port = new MediaPort('127.0.0.1');
  await port.listen(0);
  open.push(port);
  const checks: string[] = [];
  const agent = {
    localUsername: 'abcd',
    localPassword: 'secret',
    protocols: [] as unknown[],
    ensureProtocol: (protocol: SharedPortProtocol) =>
      protocol.onRequestReceived.subscribe((_message, [, from]) => void checks.push(String(from))),
  };
  const connection = { iceTransports: [{ connection: agent }] } as unknown as RTCPeerConnection;
  const protocol = SharedPortProtocol.attach(connection, port);
  expect(agent.protocols).toEqual([protocol]);
  return { port, protocol, checks };
}

async function byUdp(port: MediaPort) {
  const socket = createSocket('udp4');
  const received: string[] = [];
  socket.on('message', (data) => void received.push(data.toString()));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  open.push({ close: () => socket.close() });
  return { received, choose: () => socket.send(aChoice(), port.port, '127.0.0.1') };
}

async function byTcp(port: MediaPort) {
  const socket = connect(port.port, '127.0.0.1');
  await once(socket, 'connect');
  open.push({ close: () => socket.destroy() });
  return { socket, choose: () => socket.write(encodeTcpFrame(aChoice())) };
}

const until = (probe: () => unknown) => expect.poll(probe);

describe('SharedPortProtocol', () => {
  it('sends media by the way that the viewer chose last', async () => {
    const { port, protocol, checks } = await aProtocol();
    const [first, second] = [await byUdp(port), await byUdp(port)];

    await protocol.sendData(Buffer.from('nowhere'));
    first.choose();
    await until(() => checks.length).toBe(1);
    await protocol.sendData(Buffer.from('one'));
    second.choose();
    await until(() => checks.length).toBe(2);
    await protocol.sendData(Buffer.from('two'));

    await until(() => [first.received, second.received]).toEqual([['one'], ['two']]);
    expect(protocol.transport).toBe('udp');
  });

  it('is full while a viewer over TCP does not read, and no longer when he does', async () => {
    const { port, protocol, checks } = await aProtocol();
    const { socket, choose } = await byTcp(port);
    socket.pause();
    choose();
    await until(() => checks.length).toBe(1);

    let sent = 0;
    while (!protocol.isFull && sent < 64 * 1024) {
      await protocol.sendData(Buffer.alloc(1200));
      sent += 1;
      // The system's buffers take some of it.
      if (sent % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect([protocol.transport, protocol.isFull]).toEqual(['tcp', true]);

    socket.resume();
    await until(() => protocol.isFull).toBe(false);
  });

  it('receives nothing after its end', async () => {
    const { port, protocol, checks } = await aProtocol();
    const viewer = await byUdp(port);

    await protocol.close();
    viewer.choose();
    await new Promise((resolve) => setTimeout(resolve, 100));

    expect([checks, protocol.transport]).toEqual([[], undefined]);
  });
});
