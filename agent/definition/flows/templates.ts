import type { Definition } from '../definition.ts';

type Path = readonly (string | number)[];

/** The texts of an agent's steps, and of its coming and going: templates that know what was collected. */
export function flowTemplates({ flows, on_enter, on_exit }: Definition): [path: Path, text: string][] {
  const texts: [Path, string | undefined][] = [
    [['on_enter'], on_enter],
    [['on_exit'], on_exit],
  ];
  for (const [name, step] of Object.entries(flows)) {
    const at = ['flows', name];
    for (const field of ['instructions', 'on_enter', 'on_exit'] as const)
      texts.push([[...at, field], step[field]]);
    const { greeting } = step;
    if (greeting?.kind === 'generated')
      texts.push([[...at, 'greeting', 'instructions'], greeting.instructions]);
    if (greeting?.kind === 'fixed') texts.push([[...at, 'greeting', 'text'], greeting.text]);
  }
  return texts.flatMap(([path, text]): [Path, string][] => (text === undefined ? [] : [[path, text]]));
}

/** The texts of an agent's steps that are no templates. */
export function flowTexts({ flows }: Definition): [path: Path, text: string][] {
  return Object.entries(flows).flatMap(([name, { goto }]) =>
    Object.entries(goto).map(([target, text]): [Path, string] => [['flows', name, 'goto', target], text]),
  );
}
