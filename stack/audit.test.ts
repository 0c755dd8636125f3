import { expect, it } from 'vitest';
import { auditOf } from './audit.ts';

const report = (severity: string) =>
  JSON.stringify({
    auditReportVersion: 2,
    vulnerabilities: { ws: { name: 'ws', severity, range: '<8.20.0' } },
  });

it('a grave known vulnerability is named, a lesser one is let through', () => {
  for (const severity of ['high', 'critical'])
    expect(auditOf(`npm warn x\n${report(severity)}\nnpm notice`)).toEqual({
      kind: 'vulnerable',
      lines: [`ws <8.20.0: ${severity}`],
    });
  expect(auditOf(report('moderate'))).toEqual({ kind: 'clean' });
  expect(auditOf('{"vulnerabilities": {}, "metadata": {}}')).toEqual({ kind: 'clean' });
});

it.each([
  [
    'a mirror without the service',
    'npm error audit endpoint returned an error\n{"message": "405", "statusCode": 405}',
  ],
  ['no network', '{"error": {"code": "ENOTFOUND", "summary": "request failed"}}'],
  ['nothing', ''],
])('where nobody knows, nothing is claimed: %s', (_, output) => {
  expect(auditOf(output)).toEqual({ kind: 'not asked' });
});
