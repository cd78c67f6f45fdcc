/** What the product and its tests need from Debian or Ubuntu, and how to see that it is there. */

/** @typedef {{ name: string, why: string }} SystemPackage */

/** @type {SystemPackage[]} */
export const RUNTIME_PACKAGES = [
  { name: 'ffmpeg', why: 'decodes the cameras and encodes the panorama' },
  { name: 'util-linux', why: 'setpriv: children end with their parent' },
];

/** @type {SystemPackage[]} */
export const EVALUATION_PACKAGES = [
  ...RUNTIME_PACKAGES,
  { name: 'python3-opencv', why: 'the baselines beside which pictures are measured' },
];

/** @type {SystemPackage[]} */
export const TEST_PACKAGES = [
  ...EVALUATION_PACKAGES,
  { name: 'procps', why: 'ps and pgrep: tests look for processes left behind' },
  { name: 'curl', why: 'the examples of the README, word for word' },
  { name: 'iproute2', why: 'network namespaces: viewers behind NAT' },
  { name: 'nftables', why: 'address translation and lost packets between network namespaces' },
  { name: 'coturn', why: 'a TURN server for viewers who reach nothing else' },
  { name: 'chromium', why: 'the viewer page in a real browser' },
  { name: 'mpv', why: 'a player' },
  { name: 'vlc-bin', why: 'a player of HTTP-FLV' },
  { name: 'vlc-plugin-base', why: 'a player of HTTP-FLV' },
  { name: 'nginx-light', why: 'receives pushes by RTMP' },
  { name: 'libnginx-mod-rtmp', why: 'receives pushes by RTMP' },
  { name: 'libnginx-mod-stream', why: 'receives pushes by RTMP over TLS' },
  { name: 'openssl', why: 'certificates of the servers that receive pushes' },
  { name: 'glib-networking', why: 'GStreamer’s RTSP server over TLS' },
  { name: 'python3-onnx', why: 'the ONNX checker looks at imported networks' },
  { name: 'python3-gi', why: 'GStreamer’s RTSP server as a camera' },
  { name: 'gir1.2-gst-rtsp-server-1.0', why: 'GStreamer’s RTSP server as a camera' },
  { name: 'gir1.2-gst-plugins-base-1.0', why: 'GStreamer’s RTSP server as a camera' },
  { name: 'gstreamer1.0-tools', why: 'gst-launch as a player' },
  { name: 'gstreamer1.0-plugins-base', why: 'GStreamer' },
  { name: 'gstreamer1.0-plugins-good', why: 'GStreamer' },
  { name: 'gstreamer1.0-plugins-bad', why: 'GStreamer' },
  { name: 'gstreamer1.0-plugins-ugly', why: 'GStreamer' },
  { name: 'gstreamer1.0-x', why: 'GStreamer' },
  { name: 'gstreamer1.0-libav', why: 'GStreamer' },
];
