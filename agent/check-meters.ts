/**
 * What is wrong with the devices of a configuration: asked of the running agent, or by reading them here.
 */
import type { Clock } from '../broker/protocol/clock.ts';
import type { Bus } from '../hardware/bus/bus.ts';
import { busDefaults, type LineSettings } from '../hardware/bus/bus-config.ts';
import { betterName } from '../hardware/bus/list-ports.ts';
import { networkOf } from '../hardware/bus/network.ts';
import { settingsText } from '../hardware/bus/settings-text.ts';
import { HardwareError } from '../hardware/errors.ts';
import { longestReadingMs } from '../hardware/meter.ts';
import { openBus, openDevice } from '../hardware/open-device.ts';
import { loadProfile } from '../hardware/profiles/load-profile.ts';
import { answersAt } from '../hardware/scan.ts';
import { scanDefaults } from '../hardware/scan-options.ts';
import { lacksPin } from '../hardware/sml/quirks.ts';
import type { AgentConfig } from './config.ts';
import type { BusSettings, DeviceSettings } from './config-schema.ts';
import { findAgent } from './control/client.ts';
import type { MeterRow } from './control/commands.ts';
import { socketPath } from './data-paths.ts';
import { type Told, toldBy } from './errors.ts';
import { busConfigOf, deviceConfigOf } from './polling/device-config.ts';

export interface Checked {
  /** Of the device. */
  readonly id: string;
  readonly problems: readonly Told[];
}

/** @throws {AgentError} AGENT_NO_ANSWER; whatever is wrong with a port or a device is a problem of it */
export async function checkMeters(config: AgentConfig, clock: Clock): Promise<Checked[]> {
  const agent = await findAgent(socketPath(config.dataDir));
  if (agent !== undefined) {
    try {
      const { devices } = await agent.ask('meters read', {});
      return Promise.all(devices.map((row) => ofRunning(row, config)));
    } finally {
      agent.close();
    }
  }
  const checked: Checked[] = [];
  for (const bus of config.buses) checked.push(...(await checkBus(bus, config, clock)));
  return checked;
}

async function ofRunning({ id, failure, remarks = [], measured }: MeterRow, config: AgentConfig): Promise<Checked> {
  const device = config.devices.find((one) => one.id === id);
  const bus = config.buses.find((one) => one.id === device?.bus);
  const failing = failure === undefined || failure.until !== undefined ? [] : [pick(failure)];
  const problems = [
    ...failing,
    // Whether its PIN was entered meanwhile, its values tell.
    ...remarks.filter(({ code }) => code !== 'METER_WITHOUT_PIN'),
    ...(bus ? await nameProblems(bus) : []),
    ...(device ? pinProblems(device, measured) : []),
  ];
  return { id, problems };
}

async function checkBus(settings: BusSettings, config: AgentConfig, clock: Clock): Promise<Checked[]> {
  const devices = config.devices.filter((device) => device.bus === settings.id);
  const bus = openBus(busConfigOf(settings));
  const checked: { readonly device: DeviceSettings; readonly problems: Told[] }[] = [];
  try {
    for (const device of devices) checked.push({ device, problems: await checkDevice(bus, device, clock) });
  } finally {
    await bus.close();
  }
  const [first] = checked;
  first?.problems.push(...(await nameProblems(settings)));
  for (const { device, problems } of checked) {
    const isSilent = problems.some(({ code }) => code === 'METER_NO_ANSWER');
    if (isSilent && loadProfile(device.profile).protocol === 'modbus') {
      problems.push(await elsewhere(settings, Number(device.address)));
    }
  }
  return checked.map(({ device, problems }) => ({ id: device.id, problems }));
}

async function checkDevice(bus: Bus, device: DeviceSettings, clock: Clock): Promise<Told[]> {
  const problems: Told[] = [];
  try {
    const remark = (one: HardwareError) => void problems.push(pick(one));
    const meter = openDevice({ ...deviceConfigOf(bus, device, clock), remark });
    await meter.read(AbortSignal.timeout(longestReadingMs));
  } catch (error) {
    const told = toldBy(error);
    if (told === undefined) throw error;
    problems.push(told);
  }
  return problems;
}

async function nameProblems({ port }: BusSettings): Promise<Told[]> {
  const name = await betterName(port);
  return name === undefined ? [] : [pick(new HardwareError('PORT_NAME_CHANGES', { port, name }))];
}

function pinProblems({ profile }: DeviceSettings, measured: MeterRow['measured']): Told[] {
  if (loadProfile(profile).protocol !== 'sml' || !lacksPin(measured)) return [];
  return [pick(new HardwareError('METER_WITHOUT_PIN', { profile }))];
}

/** Where else a device that does not answer is: at another speed, the other way of speaking over TCP, or nowhere. */
async function elsewhere(settings: BusSettings, address: number): Promise<Told> {
  for (const { line, what } of otherWays(settings)) {
    const bus = openBus({ ...line, timeoutMs: scanDefaults.timeoutMs, pauseMs: 0 });
    try {
      if (!(await answersAt(bus, address, AbortSignal.timeout(longestReadingMs)))) continue;
      return pick(new HardwareError('METER_ANSWERS_OTHERWISE', { port: settings.port, address, what }));
    } catch (error) {
      // That way does not even open: it is not the one.
      if (!(error instanceof HardwareError)) throw error;
    } finally {
      await bus.close();
    }
  }
  return pick(new HardwareError('NO_ANSWER_AT_ANY_SPEED', { port: settings.port, address }));
}

function otherWays({ port, baudRate, parity }: BusSettings) {
  if (networkOf(port) !== undefined) {
    const other = port.startsWith('modbus-tcp')
      ? port.replace('modbus-tcp', 'rtu-over-tcp')
      : port.replace('rtu-over-tcp', 'modbus-tcp');
    return [{ line: { port: other }, what: `port: ${other}` }];
  }
  return scanDefaults.speeds.flatMap((speed) =>
    scanDefaults.parities
      .filter((one) => one !== parity || speed !== baudRate)
      .map((one) => {
        const line: LineSettings = { ...busDefaults, baudRate: speed, parity: one };
        return { line: { port, ...line }, what: `baudRate: ${speed}, parity: ${one} (${settingsText(line)})` };
      }),
  );
}

function pick({ code, says, remedy }: Told): Told {
  return { code, says, remedy };
}
