import { Command, InvalidArgumentError } from 'commander';
import type { CallOptions } from './api/calls/command.ts';
import type { NumberOptions } from './api/numbers/command.ts';
import type { CdrOptions } from './api/cdr/command.ts';
import type { ListOptions } from './api/lists/command.ts';
import type { KeyOptions } from './api/keys/command.ts';
import type { RoomOptions } from './api/rooms/command.ts';
import type { RouteOptions } from './api/route-command.ts';
import type { Config } from './config.ts';
import { runMain } from './stack/run-main.ts';

type Main = (config: Config, signal: AbortSignal) => Promise<unknown>;

/**
 * The `attendant` command. Each command's code is loaded only when it is asked for.
 *
 * @returns the exit code.
 */
export async function run(args: readonly string[]): Promise<number> {
  let code = 0;
  /** The action of a command: runs with the settings and a signal, and what it returns is the exit code where it is a number. */
  const runs =
    <Args extends unknown[]>(main: (...args: Args) => Main) =>
    async (...args: Args) => {
      code = await runMain(async (config, signal) => {
        const result = await main(...args)(config, signal);
        return typeof result === 'number' ? result : undefined;
      });
    };

  const program = new Command('attendant')
    .description('The telephone agent that call centers run themselves.')
    .exitOverride()
    .showHelpAfterError();

  program
    .command('start')
    .description('set up what is missing, start everything on this machine, place one demo call, and serve')
    .option('--no-demo', 'leave the demo call out')
    .action(
      runs((options: { demo: boolean }) => async (config, signal) => {
        await (await import('./stack/start.ts')).start(config, options, signal);
      }),
    );
  program
    .command('worker')
    .description('take calls from LiveKit: a parent process and its children')
    .action(
      runs(() => async (config, signal) => (await import('./agent/worker/main.ts')).main(config, signal)),
    );
  program
    .command('api')
    .description('serve the HTTP API and keep trunks and dispatch rules provisioned')
    .action(runs(() => async (config, signal) => (await import('./api/main.ts')).main(config, signal)));
  program
    .command('speech')
    .description('serve keyless speech and dialogue, OpenAI-compatible; for rehearsals and first runs')
    .action(runs(() => async (config, signal) => (await import('./speech/main.ts')).main(config, signal)));
  program
    .command('provision')
    .description('show what would change in LiveKit to match the trunk and dispatch rule files')
    .option('--apply', 'carry it out')
    .action(
      runs((options: { apply?: boolean }) => async (config, signal) => {
        const { provision } = await import('./api/provisioning.ts');
        const write = (line: string) => void process.stdout.write(`${line}\n`);
        await provision(config, { apply: options.apply ?? false, write }, signal);
      }),
    );
  program
    .command('rehearse')
    .description('play a scenario file: a softphone calls the agent and checks what happens')
    .argument('<files...>', 'scenarios, e.g. rehearsal/scenarios/order-status.yaml')
    .option('--target <host:port>', 'SIP address to call; the one on this machine unless said')
    .option('--keep <folder>', 'keep the recordings there')
    .option('--patience <times>', 'on a slow machine: wait so many times as long as the scenario says')
    .action(
      runs(
        (files: string[], options: { target?: string; keep?: string; patience?: string }) =>
          async (config, signal) =>
            (await import('./rehearsal/main.ts')).rehearseFiles(config, files, options, signal),
      ),
    );
  program
    .command('check')
    .description(
      'check agents, trunks, dispatch rules, numbers, prices, keeping, dialogues, scenarios, settings, and lists that are named',
    )
    .argument('[files...]', 'files to check; all that are loaded unless named')
    .action(
      runs((files: string[]) => async (config) => (await import('./stack/check.ts')).check(config, files)),
    );
  program
    .command('new')
    .description('write a new agent from a template')
    .argument('<name>', 'how rules and callers (sip:<name>@host) name it')
    .option('--template <template>', 'call-center, appointments, order-status or triage', 'call-center')
    .action(
      runs((name: string, { template }: { template: string }) => async (config) => {
        const file = (await import('./stack/new-agent.ts')).newAgent(config, name, template);
        process.stdout.write(`${file}\nedit it, then: attendant check, and call sip:${name}@<this host>\n`);
      }),
    );
  program
    .command('trunk')
    .description('write trunks, inbound and outbound, with their dispatch rule from a set')
    .argument('<action>', 'new')
    .option('--set <set>', 'local-pbx or carrier', 'local-pbx')
    .option('--name <name>', "what they are called; the set's name unless said")
    .option('--agent <name>', 'who answers', 'sip-call-center')
    .action(
      runs((action: string, options: { set: string; name?: string; agent: string }) => async (config) => {
        const { trunkCommand } = await import('./stack/new-trunk.ts');
        trunkCommand(config, action, options, (line) => void process.stdout.write(`${line}\n`));
      }),
    );
  program
    .command('route')
    .description(
      'explain what would happen to a call: trunk, dispatch rule, the rules of the agent, and who answers',
    )
    .requiredOption('--to <number>', 'what is dialed: a number or the name of an agent')
    .option('--from <number>', 'who calls; withheld unless said', '')
    .option('--agent <name>', 'ask the rules of this agent, whatever trunk the call comes by')
    .option('--trunk <id>', "LiveKit's id of the trunk")
    .option('--header <name=value>', 'a header of the INVITE; may be given several times', pair, {})
    .option('--var <name=value>', 'a variable of the call (x-vars); may be given several times', pair, {})
    .option('--at <time>', 'when it comes, e.g. 2026-12-25T10:00:00+01:00; now unless said')
    .action(
      runs((options: RouteOptions) => async (config) => {
        const { routeCommand } = await import('./api/route-command.ts');
        await routeCommand(config, options, (line) => void process.stdout.write(`${line}\n`));
      }),
    );
  program
    .command('doctor')
    .description(
      'look at everything that Attendant needs on this machine, and say how to mend what is missing',
    )
    .action(runs(() => async (config, signal) => (await import('./stack/doctor.ts')).doctor(config, signal)));
  const several = (value: string, before: readonly string[] = []) => [...before, value];
  program
    .command('call')
    .description('have an agent call somebody, over the API on this machine; prints the id of the thread')
    .argument('<to>', 'a number like +15550123, or sip:user@host')
    .requiredOption('--agent <name>', 'who talks; its definition says what it may dial')
    .option('--var <name=value>', 'a variable of its texts; as often as needed', several)
    .option('--header <name=value>', 'an X- header of the INVITE; as often as needed', several)
    .option('--trunk <name>', 'an outbound trunk of the agent; its first unless said')
    .option('--caller-id <id>', 'what the callee sees, one of the agent’s; its first unless said')
    .option('--uid <uid>', 'your own id of the call')
    .option('--ring-timeout <seconds>', 'until nobody has answered')
    .option('--wait', 'until the call has ended, and print how')
    .option('--organization <name>', 'for whom', 'default')
    .action(
      runs((to: string, options: CallOptions) => async (config, signal) => {
        const { callCommand } = await import('./api/calls/command.ts');
        const write = (line: string) => void process.stdout.write(`${line}\n`);
        return callCommand(config, { to, options }, write, signal);
      }),
    );
  program
    .command('list')
    .description(
      'have an agent call everybody on a list, over the API on this machine, and see how far it has come',
    )
    .argument('<action>', 'start, show, pause, resume, cancel or delete')
    .argument('[what]', 'start: the YAML file of the list; else which: lst_…; show: all of them unless said')
    .option('--calls', 'show: everybody on it too, with the calls that were made to them')
    .option('--organization <name>', 'whose', 'default')
    .action(
      runs((action: string, what: string | undefined, options: ListOptions) => async (config) => {
        const { listCommand } = await import('./api/lists/command.ts');
        const write = (line: string) => void process.stdout.write(`${line}\n`);
        await listCommand(config, { action, what, options }, write);
      }),
    );
  program
    .command('number')
    .description('list, take or return numbers of numbers.yaml, over the API on this machine')
    .argument('<action>', 'list, take or return')
    .argument('[number]', 'which: +15550123; take: any that is free unless said')
    .option('--agent <name>', 'take: who answers it')
    .option('--region <name>', 'take: any that is free there')
    .option('--organization <name>', 'whose', 'default')
    .action(
      runs((action: string, number: string | undefined, options: NumberOptions) => async (config) => {
        const { numberCommand } = await import('./api/numbers/command.ts');
        const write = (line: string) => void process.stdout.write(`${line}\n`);
        await numberCommand(config, { action, number, options }, write);
      }),
    );
  program
    .command('room')
    .description('list, start or stop agents in a room of LiveKit, over the API on this machine')
    .argument('<action>', 'list, start or stop')
    .argument('<room>', 'the name of the room')
    .argument('[id]', 'stop: which agent, by its thread: thr_…')
    .option('--agent <name>', 'start: who talks')
    .option('--for <identity>', 'start: with which participant')
    .option('--uid <uid>', 'start: your own id of the call')
    .option('--var <name=value>', 'start: a variable of its texts; may be given several times', pair, {})
    .option('--overrides <json>', "start: what differs from the agent's definition, for this call only")
    .option('--hang-up', 'stop: the participant goes too')
    .option('--organization <name>', 'whose', 'default')
    .action(
      runs((action: string, room: string, id: string | undefined, options: RoomOptions) => async (config) => {
        const { roomCommand } = await import('./api/rooms/command.ts');
        const write = (line: string) => void process.stdout.write(`${line}\n`);
        await roomCommand(config, { action, room, id, options }, write);
      }),
    );
  program
    .command('thread')
    .description('print the record of a call')
    .argument('<key>', 'thread id or UID')
    .action(
      runs(
        (key: string) => async (config) =>
          process.stdout.write(`${await (await import('./api/show-thread.ts')).showThread(config, key)}\n`),
      ),
    );
  program
    .command('cdr')
    .description('print call detail records as CSV')
    .option('--from <time>', 'of calls that began then or later, e.g. 2026-01-01T00:00:00Z')
    .option('--to <time>', 'of calls that began before')
    .option('--limit <rows>', 'at most so many, up to 100000; 10000 unless said')
    .option('--after <id>', 'go on behind the call of the last row')
    .option('--organization <name>', 'whose calls', 'default')
    .action(
      runs((options: CdrOptions) => async (config, signal) => {
        const { cdrCommand } = await import('./api/cdr/command.ts');
        // Waits for who reads it: a pipe, or a slow terminal.
        const write = (text: string) =>
          new Promise<void>((resolve) => process.stdout.write(text, () => resolve()));
        await cdrCommand(config, options, write, signal);
      }),
    );
  program
    .command('archive')
    .description('tell Redis again what the archive of old threads holds')
    .requiredOption('--rebuild', 'add what Redis does not know; changes nothing else')
    .option(
      '--organization <names...>',
      'whose threads; of all in keeping.yaml and ATTENDANT_API_KEYS unless said',
    )
    .action(
      runs((options: { organization?: string[] }) => async (config, signal) => {
        const { rebuildCommand } = await import('./api/rebuild-command.ts');
        await rebuildCommand(config, options, (line) => void process.stdout.write(`${line}\n`), signal);
      }),
    );
  program
    .command('key')
    .description('list, create, rotate or revoke keys of the HTTP API, in Redis itself')
    .argument('<action>', 'list, create, rotate or revoke')
    .argument('[id]', 'which key: key_…')
    .option('--organization <name>', 'whose keys', 'default')
    .option('--name <name>', 'create: who uses it')
    .option('--scope <scope>', 'create: read, control or admin', 'read')
    .option('--days <days>', 'create: how long it is good; for ever unless said')
    .option('--overlap <seconds>', 'rotate: how long the old one is good still', '3600')
    .action(
      runs((action: string, id: string | undefined, options: KeyOptions) => async (config) => {
        const { keyCommand } = await import('./api/keys/command.ts');
        await keyCommand(config, { action, id, options }, (line) => void process.stdout.write(`${line}\n`));
      }),
    );

  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    // Commander has printed its message; help and version are no failures.
    return (error as { exitCode?: number }).exitCode ?? 1;
  }
  return code;
}

/** Gathers `name=value` of an option that may be given several times. */
function pair(text: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('write it as name=value');
  return { ...before, [name]: value };
}

// Run itself by `node --import tsx cli.ts …`, as a stack starts its parts.
if (import.meta.filename === process.argv[1]) process.exit(await run(process.argv.slice(2)));
