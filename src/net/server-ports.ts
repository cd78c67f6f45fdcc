/** The ports this server listens on. They start as configured and are set again once a free one was taken (port 0). */
export class ServerPorts {
  http: number;
  rtsp: number;
  /** WebRTC's media, UDP and TCP. */
  media: number;

  constructor(http: number, rtsp: number, media: number) {
    this.http = http;
    this.rtsp = rtsp;
    this.media = media;
  }

  /** Ports that no camera and no push may have at an address of this machine. */
  get own(): readonly number[] {
    return [this.http, this.rtsp, this.media];
  }
}
