import type { Definition, Reachable } from '../definition/definition.ts';
import { destinationUri } from '../definition/destination-uri.ts';
import { consultCall } from './consult-call.ts';
import { endDialog } from './end-dialog.ts';
import { httpTool, type Outside } from './http/http-tool.ts';
import { receiveDtmf } from './receive-dtmf.ts';
import { sendDtmf } from './send-dtmf.ts';
import type { VoiceTool } from './tool.ts';
import { transferCall } from './transfer-call.ts';

/**
 * The tools that a definition enables, for one call.
 *
 * @param allowed what of it this call may do: a side call makes no further one, and hands nobody over.
 */
export function toolset(
  definition: Definition,
  outside: Outside,
  allowed: { consults: boolean; transfers: boolean } = { consults: true, transfers: true },
): VoiceTool[] {
  const { receive_dtmf, send_dtmf, consult_call, transfer_call, end_dialog, http } = definition.tools;
  const { render } = outside;
  const tools: VoiceTool[] = [];
  if (receive_dtmf?.enabled) {
    const { language } = definition.models.stt;
    tools.push(receiveDtmf(receive_dtmf, { language, render }));
  }
  if (send_dtmf?.enabled) tools.push(sendDtmf(send_dtmf));
  if (consult_call?.enabled && allowed.consults) {
    const destinations = renderedDestinations(consult_call.destinations, render);
    if (destinations.size > 0)
      tools.push(consultCall({ description: consult_call.description, destinations }));
  }
  if (transfer_call?.enabled && allowed.transfers) {
    const destinations = renderedDestinations(transfer_call.destinations, render);
    if (destinations.size > 0)
      tools.push(transferCall({ description: transfer_call.description, destinations }));
  }
  if (end_dialog?.enabled) tools.push(endDialog(end_dialog));
  for (const [name, settings] of Object.entries(http ?? {}))
    if (settings.enabled) tools.push(httpTool(name, settings, outside));
  return tools;
}

/** The destinations by their names, ready to be dialed. */
export function renderedDestinations<D extends Reachable & { introduce?: string | undefined }>(
  destinations: Readonly<Record<string, D>>,
  render: (template: string) => string,
): Map<string, D> {
  const found = new Map<string, D>();
  for (const [name, destination] of Object.entries(destinations)) {
    const { caller_id, display_name, introduce } = destination;
    // Values from outside may have made it something else than an address; it is not offered then.
    const to = destinationUri(render(destination.to));
    if (to === undefined) continue;
    const headers = Object.fromEntries(
      Object.entries(destination.headers).map(([header, value]) => [header, render(value)]),
    );
    found.set(name, {
      ...destination,
      to,
      headers,
      ...(caller_id === undefined ? {} : { caller_id: render(caller_id) }),
      ...(display_name === undefined ? {} : { display_name: render(display_name) }),
      ...(introduce === undefined ? {} : { introduce: render(introduce) }),
    });
  }
  return found;
}
