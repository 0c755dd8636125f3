import type { Definition, Destination } from '../definition/definition.ts';
import { endDialog } from './end-dialog.ts';
import { receiveDtmf } from './receive-dtmf.ts';
import { sendDtmf } from './send-dtmf.ts';
import type { VoiceTool } from './tool.ts';
import { transferCall } from './transfer-call.ts';

/**
 * The tools that a definition enables, for one call.
 *
 * @param render fills the templates of destinations (addresses and headers) with the call's variables.
 */
export function toolset(definition: Definition, render: (template: string) => string): VoiceTool[] {
  const { receive_dtmf, send_dtmf, transfer_call, end_dialog } = definition.tools;
  const tools: VoiceTool[] = [];
  if (receive_dtmf?.enabled) tools.push(receiveDtmf(receive_dtmf));
  if (send_dtmf?.enabled) tools.push(sendDtmf(send_dtmf));
  if (transfer_call?.enabled) {
    tools.push(
      transferCall({
        description: transfer_call.description,
        destinations: rendered(transfer_call.destinations, render),
      }),
    );
  }
  if (end_dialog?.enabled) tools.push(endDialog(end_dialog));
  return tools;
}

function rendered(
  destinations: Readonly<Record<string, Destination>>,
  render: (template: string) => string,
): Map<string, Destination> {
  return new Map(
    Object.values(destinations).map((destination) => {
      const to = asUri(render(destination.to));
      const headers = Object.fromEntries(
        Object.entries(destination.headers).map(([name, value]) => [name, render(value)]),
      );
      return [to, { ...destination, to, headers }];
    }),
  );
}

/** E.164 numbers become tel: URIs (RFC 3966); addresses stay as they are. */
function asUri(address: string): string {
  return /^\+?[0-9]{2,15}$/.test(address) ? `tel:${address}` : address;
}
