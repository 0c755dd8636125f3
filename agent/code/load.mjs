// Node's hook that an agent's code is loaded by (https://nodejs.org/api/module.html#customization-hooks).

let texts = {};

export function initialize(options) {
  ({ texts } = options);
}

/** The texts that the version is the hash of, whatever the files hold by now. */
export async function load(url, context, nextLoad) {
  const source = Object.hasOwn(texts, url) ? texts[url] : '';
  return source === '' ? nextLoad(url, context) : { format: 'module', source, shortCircuit: true };
}
