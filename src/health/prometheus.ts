/** One measured value with its labels. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One metric: its name without the prefix, in base units (seconds, bytes, ratios). */
export interface Metric {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly samples: readonly Sample[];
}

const PREFIX = 'seamline_';
/** Longest label; what comes from outside is cut to it. */
const MAX_LABEL_CHARS = 100;

/** The metrics in Prometheus' text format, version 0.0.4. A value that is no number is left out. */
export function prometheusText(metrics: readonly Metric[]): string {
  return metrics.map(metricText).join('');
}

function metricText(metric: Metric): string {
  const name = PREFIX + metric.name;
  const lines = metric.samples
    .filter((sample) => Number.isFinite(sample.value))
    .map((sample) => `${name}${labelText(sample.labels ?? {})} ${sample.value}\n`);
  if (lines.length === 0) return '';
  return `# HELP ${name} ${escaped(metric.help)}\n# TYPE ${name} ${metric.type}\n${lines.join('')}`;
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    return `${name}="${escaped(value.slice(0, MAX_LABEL_CHARS)).replaceAll('"', '\\"')}"`;
  });
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '');
}
