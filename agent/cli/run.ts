/**
 * `wattveil agent run`: the home's process, until it is told to end; `agent status`: whether it runs, and how it is.
 */
import { type Command, Option } from 'commander';
import type { Logger } from 'pino';
import type { Clock } from '../../broker/protocol/clock.ts';
import type { AgentConfig } from '../config.ts';
import type { AgentStatus } from '../control/commands.ts';
import { type AgentOptions, configOf, orError, withAgent, withConfig, withJson } from './at-agent.ts';
import { restoredText } from './ledger-text.ts';
import { local, print, printJson, table } from './print.ts';

const example = `
Example of an agent.yaml (paths start from its own folder; what is in [] may be left out, with the default):
  home: bob                            # a-z 0-9 -, how the utility knows this home
  dataDir: ./bob                       # kept closed to others
  claim: Bob, Oak Street 3             # [''] what the operator is told when this home enrols
  broker:
    url: mqtt://127.0.0.1:1883
    prefix: wattveil/v1                # [wattveil/v1]
    insecure: false                    # [false] true lets a broker be used over a network without TLS
  pins: { authority: …, coordinator: … }   # [those given at enrolment] keys that must be theirs, hex
  buses:                               # [none]
    - id: line-1
      # or port: modbus-tcp://192.168.1.20:502, or rtu-over-tcp://192.168.1.20:4196 for a gateway of serial lines
      port: /dev/serial/by-id/usb-…    # the same however the adapters are plugged in
      baudRate: 9600                   # [9600]
      parity: none                     # [none] or even, odd
      dataBits: 8                      # [8] or 7
      stopBits: 1                      # [1] or 2
      timeout: 500ms                   # [500ms] for a device to begin its answer
      pause: 200ms                     # [200ms] silence before another device is asked than the last one
  devices:                             # [none]
    - id: fridge
      bus: line-1
      address: 3
      profile: eastron-sdm120          # a shipped profile, or the path of a file of your own
      pollEvery: 10s                   # [10s]
      timeout: 800ms                   # [the longer one of bus and profile]
      tries: 3                         # [of the profile, 3] times it is asked before it counts as silent
      longestGap: 25s                  # [2.5 times pollEvery] over which an edge of a slot is interpolated
      serial: "12345678"               # [none] another number is another device
      rating: 3680                     # [69000] W that its connection carries at most
      parent: main                     # [none] the device behind which it is wired
  tensors:                             # [none] what rounds can be about; published by: wattveil tensors publish
    - id: fridge
      device: fridge
      quantity: energyImport           # [energyImport]
      tags: ["#energy-consumption", "#fridge"]
      description: Fridge, kitchen     # ['']
      capacity: 3680                   # what its connection can carry: W for energies
  plugs:                               # [none] what can be turned: wattveil plugs
    - id: kettle
      bus: line-1
      address: 17                      # [1] of the relay board
      profile: wirenboard-mr6c         # a shipped relay board, or the path of a file of your own
      channel: 1                       # [1]
      meter: fridge                    # [none] the device behind it
      safety: 60s                      # [none] the board turns all off when the agent is gone for so long
  policy:                              # [these]
    minContributors: 15                # fewest homes in a sum that this home takes part in
    shortestSlot: 15m
    collusionDivisor: 3                # stands up to a third of the homes colluding
    mostHomes: 2500
    rotateKeys: 30d                    # how long an agreement key is the newest
    allowHistogram: false

It ends on SIGTERM or Ctrl-C. Its log goes to standard output, one JSON object a line, and holds no reading.`;

export type LoadAgent = () => Promise<{
  readonly runAgent: (
    config: AgentConfig,
    clock: Clock,
    log: Logger,
    version?: string,
  ) => Promise<{ readonly close: () => Promise<void> }>;
}>;

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];

interface RunOptions {
  readonly config: string;
  readonly logLevel: string;
}

/** @param load only when the agent is really run: the other commands need neither ports nor a database */
export function runCommands(program: Command, clock: Clock, load: LoadAgent): void {
  const group = program.command('agent').description('the home’s process');
  withConfig(group.command('run').description('read the meters and take part in rounds, until told to end'))
    .addOption(new Option('--log-level <level>', 'least that is logged').choices(levels).default('info'))
    .addHelpText('after', example)
    .action((options: RunOptions) => orError({}, () => run(options, clock, load, program.version())));
  withJson(group.command('status').description('whether the agent runs, is connected, enrolled, sharing'))
    .addHelpText('after', '\nExample:\n  wattveil agent status')
    .action((options: AgentOptions) =>
      orError(options, () =>
        withAgent(options, async (agent) => {
          const status = await agent.ask('status', {});
          if (options.json) printJson(status);
          else print(statusText(status));
        }),
      ),
    );
}

async function run(options: RunOptions, clock: Clock, load: LoadAgent, version: string | undefined): Promise<void> {
  const config = await configOf(options);
  const [{ runAgent }, { pino }] = await Promise.all([load(), import('pino')]);
  const log = pino({ name: config.home, level: options.logLevel }, pino.destination({ dest: 1, sync: true }));
  const agent = await runAgent(config, clock, log, version);
  const signal = await signalled();
  log.info({ signal }, 'stopping');
  await agent.close();
  // What follows a stepped clock would keep the process alive.
  process.exit(0);
}

function signalled(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });
}

function statusText(status: AgentStatus): string {
  const { enrolment, rounds, restored } = status;
  const enrolled = {
    none: () => 'no: wattveil enrol',
    asked: () => 'asked, waits for the operator',
    enrolled: () => (enrolment.state === 'enrolled' ? `in ${enrolment.cohort} since ${local(enrolment.since)}` : ''),
  }[enrolment.state]();
  const facts = [
    ['home', status.home],
    ['process', `${status.pid}, version ${status.version}, since ${local(status.since)}`],
    ['broker', `${status.broker}, ${status.connected ? 'connected' : 'not connected'}`],
    ['fingerprint', status.fingerprint],
    ['enrolled', enrolled],
    ['sharing', status.sharing ? 'on' : 'off: wattveil share on'],
    ...(restored === undefined ? [] : [['restored', restoredText(restored)]]),
    ['open rounds', rounds.length === 0 ? 'none' : ''],
  ];
  const wrong = status.troubles.map(({ code, says, remedy, since }) => [
    'wrong',
    `since ${local(since)}: ${says} (${code}). What to do: ${remedy}`,
  ]);
  const open = rounds.map(({ round, contribution, membership }) => ['', `${round}: ${contribution}, ${membership}`]);
  return table(['agent', 'runs'], [...wrong, ...facts, ...open]);
}
