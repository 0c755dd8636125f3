/** Who may import whom; the same table stands in CONTRIBUTING.md. */
const only = (from, allowed) => ({
  name: `${from}-imports`,
  severity: 'error',
  from: { path: `^${from}/`, pathNot: '\\.test\\.ts$' },
  to: {
    path: '^(agent|threads|prices|livekit|api|sip-trunks|dispatch-rules|speech|rehearsal|stack|tests|cli\\.ts)',
    pathNot: [`^${from}/`, ...allowed.map((a) => `^${a}/`)],
  },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    only('base', []),
    only('threads', []),
    only('prices', ['threads']),
    only('livekit', []),
    only('agent/definition', []),
    only('agent/tools', ['agent/definition', 'threads']),
    only('agent/code', ['agent/tools', 'agent/definition', 'threads']),
    only('agent/analysis', ['agent/definition', 'threads', 'prices']),
    only('agent/call', ['agent/code', 'agent/tools', 'agent/definition', 'threads', 'prices', 'livekit']),
    only('agent/worker', [
      'agent/call',
      'agent/tools',
      'agent/code',
      'agent/analysis',
      'agent/definition',
      'threads',
      'prices',
      'livekit',
    ]),
    only('sip-trunks', ['livekit']),
    only('dispatch-rules', ['livekit']),
    only('api', [
      'threads',
      'prices',
      'livekit',
      'agent/definition',
      'agent/code',
      'sip-trunks',
      'dispatch-rules',
    ]),
    only('speech', []),
    {
      name: 'livekit-server-apis-in-one-place',
      severity: 'error',
      from: { path: '^(agent|api|sip-trunks|dispatch-rules|threads)/', pathNot: '\\.test\\.ts$' },
      to: { path: 'node_modules/livekit-server-sdk' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(\\.attendant)' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types'] },
  },
};
