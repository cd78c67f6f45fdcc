import type { Delay, PipelineStatus } from '../contract/job-messages.ts';
import type { JobPhase } from '../jobs/job-state.ts';
import type { JobFacts } from '../jobs/job-view.ts';
import type { Metric, Sample } from './prometheus.ts';

const PHASES: readonly JobPhase[] = [
  'starting',
  'warming',
  'aligning',
  'running',
  'degraded',
  'stopping',
  'stopped',
  'failed',
];
/** Reasons for dropped frames that are shown of one job; they come from its process. */
const MAX_REASONS = 20;
const MIB = 1024 * 1024;

/** Figures of the API process itself. */
export interface ProcessFigures {
  readonly version: string;
  readonly nodeVersion: string;
  readonly startedSeconds: number;
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
  readonly maxJobs: number;
  readonly lostLogLines: number;
  /** The state file holds what it should; undefined without a state file. */
  readonly isStateFileCurrent: boolean | undefined;
}

/** Metrics of the process and of every job. Labels are job ids, cameras, stages, networks and protocols alone. */
export function metricsOf(jobs: readonly JobFacts[], own: ProcessFigures): Metric[] {
  return [...processMetrics(jobs, own), ...jobMetrics(jobs), ...geometryMetrics(jobs), ...cameraMetrics(jobs)];
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, type: 'gauge', help, samples };
}

function counter(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, type: 'counter', help, samples };
}

function processMetrics(jobs: readonly JobFacts[], own: ProcessFigures): Metric[] {
  const inPhase = (phase: JobPhase): number => jobs.filter((job) => job.state.phase === phase).length;
  return [
    gauge('build_info', 'Version of the server and of Node.', [
      { labels: { version: own.version, node: own.nodeVersion }, value: 1 },
    ]),
    gauge('process_start_time_seconds', 'Start of the process, seconds since 1970.', [{ value: own.startedSeconds }]),
    counter('process_cpu_seconds_total', 'CPU time of the API process.', [{ value: own.cpuSeconds }]),
    gauge('process_resident_memory_bytes', 'Memory of the API process.', [{ value: own.memoryBytes }]),
    counter('log_lines_lost_total', 'Lines of the log that could not be written.', [{ value: own.lostLogLines }]),
    gauge(
      'state_file_current',
      '1 while the state file holds the jobs that outlive the server, 0 while it cannot be written.',
      own.isStateFileCurrent === undefined ? [] : [{ value: Number(own.isStateFileCurrent) }],
    ),
    gauge('jobs_limit', 'Jobs that may run at the same time.', [{ value: own.maxJobs }]),
    gauge(
      'jobs',
      'Jobs by state.',
      PHASES.map((phase) => ({ labels: { state: phase }, value: inPhase(phase) })),
    ),
  ];
}

function each(
  jobs: readonly JobFacts[],
  samples: (status: PipelineStatus, job: string) => readonly Sample[],
): Sample[] {
  return jobs.flatMap(({ spec, status }) => (status === undefined ? [] : samples(status, spec.id)));
}

function one(jobs: readonly JobFacts[], value: (status: PipelineStatus) => number): Sample[] {
  return each(jobs, (status, job) => [{ labels: { job }, value: value(status) }]);
}

function quantiles(labels: Readonly<Record<string, string>>, delay: Delay): Sample[] {
  return [
    { labels: { ...labels, quantile: '0.5' }, value: delay.p50 / 1000 },
    { labels: { ...labels, quantile: '0.95' }, value: delay.p95 / 1000 },
  ];
}

function jobMetrics(jobs: readonly JobFacts[]): Metric[] {
  return [
    counter(
      'job_restarts_total',
      'Job processes that ended by themselves.',
      jobs.map(({ spec, state }) => ({ labels: { job: spec.id }, value: state.restarts })),
    ),
    gauge(
      'job_frames_per_second',
      'Panoramas a second.',
      one(jobs, (status) => status.fps),
    ),
    counter(
      'job_dropped_frames_total',
      'Frames given up on purpose, by reason.',
      each(jobs, (status, job) =>
        Object.entries(status.dropped)
          .slice(0, MAX_REASONS)
          .map(([reason, value]) => ({ labels: { job, reason }, value })),
      ),
    ),
    gauge(
      'job_delay_seconds',
      'Delay by stage; total is from capture to encoded.',
      each(jobs, (status, job) =>
        Object.entries(status.delayMs).flatMap(([stage, delay]) => quantiles({ job, stage }, delay)),
      ),
    ),
    gauge(
      'job_load_level',
      'What is given up since the machine cannot keep up: 0 nothing, 1 and 2 pace of the networks, 3 and 4 frame rate, 5 working size.',
      one(jobs, (status) => status.load.level),
    ),
    gauge(
      'job_skew_seconds',
      'Difference of capture times in a pair.',
      each(jobs, (status, job) => quantiles({ job }, status.skewMs)),
    ),
    gauge(
      'job_memory_bytes',
      'Memory of the job process.',
      one(jobs, (status) => status.memoryMb * MIB),
    ),
    gauge(
      'job_viewers',
      'Readers of the panorama by protocol.',
      jobs.flatMap(({ spec, viewers }) =>
        Object.entries(viewers).map(([protocol, value]) => ({ labels: { job: spec.id, protocol }, value })),
      ),
    ),
  ];
}

function geometryMetrics(jobs: readonly JobFacts[]): Metric[] {
  return [
    gauge(
      'job_confidence_ratio',
      'Confidence of the alignment.',
      one(jobs, (status) => status.geometry.confidence),
    ),
    gauge(
      'job_overlap_ratio',
      'Share of the first view that the second covers.',
      one(jobs, (s) => s.geometry.overlap),
    ),
    gauge(
      'job_geometries_per_second',
      'New alignments a second.',
      one(jobs, (status) => status.geometry.rate),
    ),
    gauge(
      'job_network_seconds',
      'Duration of one run of a network.',
      each(jobs, (status, job) =>
        Object.entries(status.geometry.networkMs).map(([network, ms]) => ({
          labels: { job, network },
          value: ms / 1000,
        })),
      ),
    ),
  ];
}

function cameraMetrics(jobs: readonly JobFacts[]): Metric[] {
  const perCamera = (value: (camera: PipelineStatus['cameras'][number]) => number): Sample[] =>
    each(jobs, (status, job) =>
      status.cameras.map((camera, index) => ({ labels: { job, camera: String(index) }, value: value(camera) })),
    );
  return [
    gauge(
      'camera_up',
      '1 while pictures of the camera arrive.',
      perCamera((c) => Number(c.phase === 'running')),
    ),
    gauge(
      'camera_frames_per_second',
      'Pictures a second.',
      perCamera((camera) => camera.fps),
    ),
    counter(
      'camera_frames_total',
      'Pictures received.',
      perCamera((camera) => camera.framesReceived),
    ),
    counter(
      'camera_dropped_frames_total',
      'Pictures given up.',
      perCamera((camera) => camera.framesDropped),
    ),
    counter(
      'camera_reconnects_total',
      'New connections after the first.',
      perCamera((camera) => camera.reconnects),
    ),
  ];
}
