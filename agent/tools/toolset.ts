import { languageOf } from '../definition/character.ts';
import type { Definition, Reachable } from '../definition/definition.ts';
import { destinationUri } from '../definition/destination-uri.ts';
import { isEmergency, isShortCode } from '../definition/emergency.ts';
import { secretStateOf } from '../definition/state.ts';
import { consultCall } from './consult-call.ts';
import { endDialog } from './end-dialog.ts';
import { httpTool, type Outside } from './http/http-tool.ts';
import { receiveDtmf } from './receive-dtmf.ts';
import { sendDtmf } from './send-dtmf.ts';
import { setState } from './set-state.ts';
import { sipHeaders } from './sip-headers.ts';
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
  const { receive_dtmf, send_dtmf, set_state, consult_call, transfer_call, end_dialog, http } =
    definition.tools;
  const { render } = outside;
  const tools: VoiceTool[] = [];
  if (receive_dtmf?.enabled) {
    const language = languageOf(definition);
    tools.push(receiveDtmf(receive_dtmf, { language, render }));
  }
  if (send_dtmf?.enabled) tools.push(sendDtmf(send_dtmf));
  if (set_state?.enabled) tools.push(setState(set_state, definition.state));
  if (consult_call?.enabled && allowed.consults) {
    const destinations = renderedDestinations(consult_call.destinations, render);
    if (destinations.size > 0)
      tools.push(consultCall({ description: consult_call.description, destinations }));
  }
  if (transfer_call?.enabled && allowed.transfers) {
    const destinations = renderedDestinations(transfer_call.destinations, render);
    if (destinations.size > 0) tools.push(transferCall({ ...transfer_call, destinations }));
  }
  if (end_dialog?.enabled) tools.push(endDialog(end_dialog));
  for (const [name, settings] of Object.entries(http ?? {}))
    if (settings.enabled)
      tools.push(httpTool(name, settings, { ...outside, secretState: secretStateOf(definition) }));
  return tools;
}

/**
 * The destinations by their names, ready to be dialed. Their addresses are settled here; everything else of them is filled when it is read, with what the
 * call has gathered by then.
 */
export function renderedDestinations<D extends Reachable & { introduce?: string | undefined }>(
  destinations: Readonly<Record<string, D>>,
  render: (template: string) => string,
): Map<string, D> {
  const filled = (template: string | undefined) => (template === undefined ? undefined : render(template));
  const found = new Map<string, D>();
  for (const [name, destination] of Object.entries(destinations)) {
    // Values from outside may have made it something else than an address; it is not offered then.
    const to = destinationUri(render(destination.to));
    if (to === undefined || isEmergency(to)) continue;
    // Written out by whoever wrote the definition it is what they mean; out of a caller's values it is not.
    if (to !== destinationUri(destination.to) && isShortCode(to)) continue;
    found.set(name, {
      ...destination,
      to,
      get headers() {
        return sipHeaders(destination.headers, render);
      },
      get caller_id() {
        return filled(destination.caller_id);
      },
      get display_name() {
        return filled(destination.display_name);
      },
      get introduce() {
        return filled(destination.introduce);
      },
    });
  }
  return found;
}
