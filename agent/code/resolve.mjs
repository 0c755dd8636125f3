// Node's hook that an agent's code is resolved by (https://nodejs.org/api/module.html#customization-hooks).

let sdk = '';
let texts = {};

export function initialize(options) {
  ({ sdk, texts } = options);
}

/** Finds `attendant` from wherever the code lies, and takes TypeScript beside it for ES modules, whatever package.json is above it. */
export async function resolve(specifier, context, nextResolve) {
  if (specifier === 'attendant') return nextResolve(sdk, { ...context, parentURL: undefined });
  const beside = fileBeside(specifier, context.parentURL);
  if (beside !== undefined) return { url: beside, format: 'module', shortCircuit: true };
  return nextResolve(specifier, context);
}

function fileBeside(specifier, parent) {
  if (!/^(\.\.?\/|file:)/.test(specifier)) return undefined;
  const url = new URL(specifier, parent).href;
  // One that was not there when it was read has no text.
  return Object.hasOwn(texts, url) && texts[url] !== '' ? url : undefined;
}
