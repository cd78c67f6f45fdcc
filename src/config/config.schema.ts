import { AccessConfig, HttpConfig, NetworkConfig, RtspConfig, WebRtcConfig } from './server-config.ts';
import { ComposeConfig, EncodeConfig, FfmpegConfig, InferenceConfig, JobsConfig, PushConfig } from './job-config.ts';
import { oneOf, section, whole } from './setting.ts';

/** How much is logged, and in which form. */
export class LogConfig {
  @oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace'])
  readonly level: string = 'info';

  /** `json`: one object a line. `pretty`: for people, development only. */
  @oneOf(['json', 'pretty'])
  readonly format: string = 'json';
}

/** End of the server. */
export class ShutdownConfig {
  /** From the first signal to the exit, ms. */
  @whole(500, 60_000)
  readonly timeoutMs: number = 5000;
}

/**
 * The whole configuration, validated and frozen. Injectable: the one instance comes from `ConfigModule`. The values
 * here are the defaults; config/default.yaml explains each key and a test holds both together.
 */
export class AppConfig {
  @section(HttpConfig)
  readonly http: HttpConfig = new HttpConfig();

  @section(AccessConfig)
  readonly access: AccessConfig = new AccessConfig();

  @section(NetworkConfig)
  readonly network: NetworkConfig = new NetworkConfig();

  @section(RtspConfig)
  readonly rtsp: RtspConfig = new RtspConfig();

  @section(WebRtcConfig)
  readonly webrtc: WebRtcConfig = new WebRtcConfig();

  @section(PushConfig)
  readonly push: PushConfig = new PushConfig();

  @section(JobsConfig)
  readonly jobs: JobsConfig = new JobsConfig();

  @section(InferenceConfig)
  readonly inference: InferenceConfig = new InferenceConfig();

  @section(ComposeConfig)
  readonly compose: ComposeConfig = new ComposeConfig();

  @section(EncodeConfig)
  readonly encode: EncodeConfig = new EncodeConfig();

  @section(FfmpegConfig)
  readonly ffmpeg: FfmpegConfig = new FfmpegConfig();

  @section(LogConfig)
  readonly log: LogConfig = new LogConfig();

  @section(ShutdownConfig)
  readonly shutdown: ShutdownConfig = new ShutdownConfig();
}
