/**
 * `wattveil meters try`: reads a device once by a profile, own or shipped, and shows the registers beside the values.
 */
import { type Command, InvalidArgumentError } from 'commander';
import type { LineSettings } from '../../hardware/bus/bus-config.ts';
import { settingsOf } from '../../hardware/bus/settings-text.ts';
import { orError } from './at-agent.ts';
import type { TryOptions } from './try-profile.ts';

export function metersTryCommand(group: Command): void {
  group
    .command('try <profile>')
    .description('read a device once by a profile and show the registers beside the values')
    .requiredOption('--port <port>', 'serial port, modbus-tcp://host:502 or rtu-over-tcp://host:port')
    .option('--address <address>', 'Modbus address [1]; or of one of several IEC 62056-21 meters', addressArgument)
    .option('--line <settings>', 'speed and framing [those of a new device]', lineArgument)
    .option('--timeout <ms>', 'how long it may take to answer, or to send [as the profile says]', Number)
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
The profile is a shipped one's name or the path of a file; hardware/README.md says how to write one. A value that cannot
be is told, and the word order that would fit, if there is one.

Examples:
  wattveil meters try eastron-sdm630 --port /dev/serial/by-id/usb-FTDI_FT232R --address 3
  wattveil meters try ./my-meter.yaml --port modbus-tcp://192.168.1.20 --address 1 --json`,
    )
    .action((profile: string, options: TryOptions) =>
      orError(options, async () => {
        const { tryProfile } = await import('./try-profile.ts');
        await tryProfile(profile, options);
      }),
    );
}

function addressArgument(text: string): string {
  if (!/^[0-9A-Za-z]{1,32}$/.test(text)) throw new InvalidArgumentError('Give an address from 1 to 247.');
  return text;
}

function lineArgument(text: string): LineSettings {
  const settings = settingsOf(text);
  if (settings === undefined) throw new InvalidArgumentError('Give speed and framing like "9600 8N1".');
  return settings;
}
