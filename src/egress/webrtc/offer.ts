import { SeamlineError } from '../../common/seamline-error.ts';

/** Header extension that tells the browser to show pictures at once. */
export const PLAYOUT_DELAY_URI = 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay';

/** Longest offer that is read. */
const MAX_OFFER_CHARS = 64 * 1024;

/** @throws SeamlineError `invalid-request` when the text is no offer to receive H.264 video */
export function checkOffer(sdp: string): void {
  if (sdp.length > MAX_OFFER_CHARS || !/^v=0\r?\n/.test(sdp)) throw wrong('is no session description');
  const video = sdp.split(/^m=/m).find((section) => section.startsWith('video '));
  if (video === undefined) throw wrong('offers no video');
  if (!/^a=rtpmap:\d+ H264\/90000/im.test(video)) throw wrong('offers no H.264');
  if (/^a=(sendonly|inactive)\r?$/m.test(video)) throw wrong('does not offer to receive video');
  if (!/^a=ice-ufrag:/m.test(sdp) || !/^a=fingerprint:/m.test(sdp)) throw wrong('has no ICE or DTLS parameters');
}

/** Id that the answer gives to the playout-delay extension, or undefined when the viewer does not know it. */
export function playoutDelayId(answer: string): number | undefined {
  const line = answer.split(/\r?\n/).find((text) => text.startsWith('a=extmap:') && text.includes(PLAYOUT_DELAY_URI));
  const id = /^a=extmap:(\d+)/.exec(line ?? '')?.[1];
  return id === undefined ? undefined : Number(id);
}

function wrong(message: string): SeamlineError {
  return new SeamlineError('invalid-request', `the offer ${message}`, { errors: [{ field: 'offer', message }] });
}
