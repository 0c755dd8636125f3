import type { TracingTarget } from '../config.ts';
import type { Log } from './log.ts';
import type { Tracing } from './tracing.ts';

/**
 * Traces of a process; undefined where no collector is set, and nothing of OpenTelemetry is loaded then. They know nothing of the LiveKit
 * framework's own spans, which carry what was said.
 */
export async function openTracing(
  target: TracingTarget | undefined,
  service: string,
  log: Log,
): Promise<Tracing | undefined> {
  if (!target) return undefined;
  const { connectCollector } = await import('./collector.ts');
  return connectCollector(target, target.serviceName ?? service, log);
}
