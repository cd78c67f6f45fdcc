import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { SteppedClock } from '../../src/common/clock.ts';
import { RtspServer, type RtspServerOptions } from '../../src/egress/rtsp/server.ts';
import { StreamRegistry } from '../../src/egress/stream-registry.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import { aFormat, anAccessUnit } from './access-units.ts';
import { RtspTestClient } from './rtsp-test-client.ts';

const opened: { close(): unknown }[] = [];

/** Closes what `startRtspServer` and `udpPair` opened, newest first. */
export async function closeAll(): Promise<void> {
  for (const thing of opened.splice(0).toReversed()) await thing.close();
}

/** A server with the stream `live` on a stepped clock. */
export async function startRtspServer(options: Partial<RtspServerOptions> = {}) {
  const clock = new SteppedClock(1e9);
  const registry = new StreamRegistry(clock);
  let requests = 0;
  const hub = registry.open('live', () => (requests += 1));
  const server = new RtspServer({
    host: '127.0.0.1',
    port: 0,
    udpPort: 0,
    registry,
    clock,
    log: silentLogger,
    wallClockMs: () => 1_700_000_000_000,
    ...options,
  });
  await server.listen();
  opened.push(server);
  let frame = 0;
  return {
    clock,
    registry,
    hub,
    server,
    keyframeRequests: () => requests,
    publishFormat: () => hub.publish({ kind: 'format', format: aFormat() }),
    /** Publishes pictures, the first of them a key frame when asked. */
    publish: (count: number, startsWithKeyframe = false, bytes = 100) => {
      for (let i = 0; i < count; i += 1) {
        hub.publish({ kind: 'access-unit', unit: anAccessUnit(frame, startsWithKeyframe && i === 0, bytes) });
        frame += 1;
        clock.advance(40_000);
      }
    },
    client: async (path?: string, host?: string) => {
      const client = await RtspTestClient.connect(server.port, path, host);
      opened.push(client);
      return client;
    },
  };
}

/** Two sockets of a client for RTP and RTCP. */
export async function udpPair(): Promise<{ rtp: UdpSocket; rtcp: UdpSocket; ports: string }> {
  const sockets = [createSocket('udp4'), createSocket('udp4')] as const;
  for (const socket of sockets) {
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    opened.push({ close: () => socket.close() });
  }
  const [rtp, rtcp] = sockets;
  return { rtp, rtcp, ports: `${rtp.address().port}-${rtcp.address().port}` };
}
