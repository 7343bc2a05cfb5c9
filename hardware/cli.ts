/**
 * `wattveil simulate`: a household without hardware, for an agent to read.
 */
import type { Command } from 'commander';
import { HardwareError } from './errors.ts';

const help = `
Meters and relays appear as serial ports at the given links, at the speed of a real wire, until Ctrl-C; ending it is
pulling all plugs. What is printed goes into an agent.yaml. Counters depend on the time alone: one that is started again
counts on. An appliance behind a relay is on at first.

Example of a household.yaml (paths start from its own folder; what is in [] may be left out, with the default):
  since: 2026-01-01                    # [this year] from when the counters count
  appliances:
    router: { watts: 9 }
    fridge: { watts: 90, on: 20m, off: 40m }
    kettle: { watts: 2000, at: ["07:00", "16:30"], for: 4m }
    lamp: { watts: 12, at: ["18:00"], for: 5h }
    roof: { watts: -1500, at: ["10:00"], for: 5h }   # gives back
  lines:
    - link: ./line-1
      baudRate: 9600                   # settings [9600 none 8 1]
      devices:
        - id: fridge
          address: 3
          profile: eastron-sdm120      # a shipped profile, or a path
          appliances: [fridge]
          kwh: 1234.5                  # [0] at the beginning
          faults:                      # [none] share: of the requests
            - { kind: late, by: 700ms, share: 0.05 }
            - { kind: badCrc, share: 0.02 }
            - { kind: silent, share: 0.01 }
        - { id: kettle, address: 4, profile: hiking-dds238, appliances: [kettle] }
      relays:
        - { address: 17, profile: wirenboard-mr6c, channels: { 1: kettle, 2: lamp } }
    - link: ./p1
      protocol: dsmr                   # or sml (locked: no PIN), iec62056 (asked: true), lcus (channels)
      version: "5"                     # 2.2 4 5 be lu se hu
      meter: { id: main, appliances: [router, fridge, kettle, lamp, roof], kwh: 30123.4 }

Faults: silent, badCrc, short, wrongUnit, echo, noise, exception (code), late (by), doubled (by).

Example:
  wattveil simulate household.yaml > lines.yaml`;

/** By the first word. */
export const hardwareCommands = {
  simulate: async (program: Command, clock: { now(): number }): Promise<void> => simulateCommand(program, clock),
};

/** @param clock milliseconds since 1970, for the meters */
function simulateCommand(program: Command, clock: { now(): number }): void {
  program
    .command('simulate <household>')
    .description('play the meters and relays of a household on simulated serial ports')
    .addHelpText('after', help)
    .action(async (file: string) => {
      try {
        const { simulate } = await import('./simulator/simulate.ts');
        await simulate(file, () => clock.now());
      } catch (error) {
        if (!(error instanceof HardwareError)) throw error;
        process.stderr.write(`${error.code}: ${error.says}\nWhat to do: ${error.remedy}\n`);
        process.exitCode = 1;
      }
    });
}
