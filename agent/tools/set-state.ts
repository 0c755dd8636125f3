import { AttendantError } from '../../base/errors.ts';
import { type Values, valuesSchema } from '../definition/values.ts';
import type { VoiceTool } from './tool.ts';

const DESCRIPTION =
  'Notes what you have found out about this call, for the systems and people that deal with it later. Call it as soon as you know something ' +
  'of it, and again when it changes. The caller does not notice.';

/**
 * set_state {…names} → {kept}: the values of state that the definition lets the model set, each as it is declared.
 *
 * @param declared the definition's state.
 */
export function setState(
  settings: { description?: string | undefined; names: readonly string[] },
  declared: Values,
): VoiceTool {
  const own = Object.fromEntries(Object.entries(declared).filter(([name]) => settings.names.includes(name)));
  return {
    name: 'set_state',
    description: settings.description ?? DESCRIPTION,
    parameters: valuesSchema(own, { required: false }),
    run(args, line) {
      const fault = line.remember(args);
      if (fault !== undefined) return Promise.reject(new AttendantError('E_STATE_REFUSED', fault));
      return Promise.resolve({ next: 'reply', content: { kept: Object.keys(args) } });
    },
  };
}
