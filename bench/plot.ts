import type { Result } from './report.ts';
import { SUBJECTS, type Subject } from './subjects.ts';

/** Pixels. */
const WIDTH = 900;
const LABEL = 400;
const BAR = 13;
const GAP = 12;
const TOP = 48;
const COLORS: Readonly<Record<Subject, string>> = {
  attendant: '#1a7f5a',
  stock: '#b0b7c3',
  'stock-best': '#6b7a90',
};

/** The figures of a run as bars, an SVG file: in each row the longest is as wide as the picture. */
export function plot(result: Result): string {
  const measured = SUBJECTS.filter((subject) => result.samples[subject]);
  const rows = result.figures.filter(({ of }) => measured.some((subject) => (of[subject] ?? 0) > 0));
  const height = TOP + rows.length * (measured.length * BAR + GAP);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="10" y="18">${escaped(`${result.machine.processor}, ${result.machine.cores} cores, ${result.at.slice(0, 10)}`)}</text>`,
    ...measured.map(
      (subject, n) =>
        `<rect x="${10 + n * 120}" y="26" width="12" height="12" fill="${COLORS[subject]}"/>` +
        `<text x="${26 + n * 120}" y="36">${subject}</text>`,
    ),
  ];
  rows.forEach(({ says, unit, of }, row) => {
    const top = TOP + row * (measured.length * BAR + GAP);
    const most = Math.max(...measured.map((subject) => of[subject] ?? 0));
    parts.push(`<text x="10" y="${top + BAR}">${escaped(`${says} (${unit})`)}</text>`);
    measured.forEach((subject, n) => {
      const value = of[subject];
      if (value === null || value === undefined) return;
      const length = Math.max(1, Math.round(((WIDTH - LABEL - 80) * Math.max(0, value)) / most));
      const y = top + n * BAR;
      parts.push(
        `<rect x="${LABEL}" y="${y}" width="${length}" height="${BAR - 2}" fill="${COLORS[subject]}"/>`,
        `<text x="${LABEL + length + 5}" y="${y + BAR - 3}" font-size="10">${Number(value.toPrecision(3))}</text>`,
      );
    });
  });
  return `${[...parts, '</svg>'].join('\n')}\n`;
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
