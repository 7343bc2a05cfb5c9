import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../agent/config.ts';
import { AgentError } from '../../agent/errors.ts';

const whole = `home: bob
dataDir: ./bob
broker:
  url: mqtt://127.0.0.1:1883
buses:
  - id: line-1
    port: /dev/ttyUSB7
devices:
  - id: main
    bus: line-1
    address: 1
    profile: eastron-sdm120
  - id: fridge
    bus: line-1
    address: 3
    profile: profiles/mine.yaml
    pollEvery: 1m
    parent: main
tensors:
  - id: fridge
    device: fridge
    tags: ["#energy-consumption", "#fridge"]
    capacity: 3680
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wattveil-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function load(text: string) {
  const path = join(folder, 'agent.yaml');
  writeFileSync(path, text);
  return loadConfig(path);
}

function problem(text: string): AgentError {
  try {
    load(text);
  } catch (error) {
    if (error instanceof AgentError) return error;
    throw error;
  }
  throw new Error('the configuration was taken');
}

describe('agent.yaml', () => {
  it('is read with its defaults, paths starting from its own folder', () => {
    const config = load(whole);
    expect(config.dataDir).toBe(join(folder, 'bob'));
    expect(config.broker).toEqual({ url: 'mqtt://127.0.0.1:1883', prefix: 'wattveil/v1', insecure: false });
    expect(config.buses[0]).toMatchObject({
      baudRate: 9600,
      parity: 'none',
      dataBits: 8,
      stopBits: 1,
      timeout: 500,
      pause: 200,
    });
    expect(config.devices[0]).toMatchObject({ pollEvery: 10_000, profile: 'eastron-sdm120' });
    expect(config.devices[1]).toMatchObject({ pollEvery: 60_000, profile: join(folder, 'profiles/mine.yaml') });
    expect(config.tensors[0]).toMatchObject({ quantity: 'energyImport', description: '' });
    expect(config.policy).toEqual({
      minContributors: 15,
      shortestSlot: 900_000,
      collusionDivisor: 3,
      mostHomes: 2500,
      rotateKeys: 30 * 86_400_000,
      allowHistogram: false,
    });
  });

  it.each([
    ['address: 3', 'adress: 3', /line 15: devices\[1\] has no setting adress/, /Did you mean address\?/],
    ['pollEvery: 1m', 'pollevery: 1m', /line 17: .*pollevery/, /pollEvery/],
    ['dataDir: ./bob', 'datadir: ./bob', /line 2: the configuration has no setting datadir/, /dataDir/],
    ['  url: mqtt', '  colour: blue\n  url: mqtt', /line 4: broker has no setting colour/, /url, prefix, insecure/],
  ])('names a misspelt key and the right one: %s', (right, wrong, says, remedy) => {
    const error = problem(whole.replace(right, wrong));
    expect(error.code).toBe('CONFIG_KEY_UNKNOWN');
    expect(error.message).toMatch(says);
    expect(error.remedy).toMatch(remedy);
  });

  it.each([
    ['address: 3', 'address: three', /line 15: devices\[1\]\.address: .*number/],
    ['address: 3', 'address: 1', /line 15: devices\[1\]\.address: another device on this bus/],
    ['pollEvery: 1m', 'pollEvery: 1 minute', /line 17: devices\[1\]\.pollEvery: "1 minute" is no length of time/],
    ['pollEvery: 1m', 'pollEvery: 10ms', /line 17: .*shorter than the shortest possible, 1s/],
    ['bus: line-1\n    address: 3', 'bus: line-2\n    address: 3', /there is no bus "line-2"; did you mean line-1\?/],
    ['parent: main', 'parent: fridge', /line 18: devices\[1\]\.parent: the device is wired behind itself/],
    ['parent: main', 'parent: mian', /there is no device "mian"; did you mean main\?/],
    ['device: fridge', 'device: cooler', /line 21: tensors\[0\]\.device: there is no device "cooler"/],
    ['- id: fridge\n    bus', '- id: main\n    bus', /line 13: devices\[1\]\.id: this id is used twice/],
    ['capacity: 3680', 'capacity: 0', /line 23: tensors\[0\]\.capacity/],
    ['["#energy-consumption", "#fridge"]', '[fridge]', /tags\[0\]: a tag is #/],
    ['["#energy-consumption", "#fridge"]', '\n      - #fridge', /tags\[0\]: a tag stands in quotes/],
    ['    device: fridge', '    quantity: energy\n    device: fridge', /quantity: a quantity is one of energyImport/],
    ['home: bob', 'home: coordinator', /line 1: home/],
    ['home: bob\n', '', /line 1: home: this setting is missing/],
    ['mqtt://127.0.0.1:1883', 'broker.example', /line 4: broker\.url: a broker is written mqtt:\/\/host:port/],
  ])('says where a wrong value stands: %s -> %s', (right, wrong, says) => {
    const error = problem(whole.replace(right, wrong));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toMatch(says);
  });

  it('says in which line it is no YAML', () => {
    const error = problem(whole.replace('buses:', 'buses: ['));
    expect(error.code).toBe('CONFIG_NOT_YAML');
    expect(error.message).toMatch(/line \d+/);
  });

  it.each(['', '- a list', 'just words', '42'])('is told apart from "%s"', (text) => {
    expect(problem(text).code).toBe('CONFIG_INVALID');
  });

  it('refuses a broker that is not on the loopback, unless it is told to trust the network', () => {
    const far = whole.replace('127.0.0.1', 'user:secret@broker.example');
    const error = problem(far);
    expect(error.code).toBe('BROKER_NOT_LOOPBACK');
    expect(error.message).toContain('broker.example');
    expect(error.message).not.toContain('secret');
    expect(load(far.replace('buses:', '  insecure: true\nbuses:')).broker.insecure).toBe(true);
  });

  it.each(['localhost', '127.1.2.3', '[::1]'])('takes a broker on %s', (host) => {
    expect(load(whole.replace('127.0.0.1', host)).broker.url).toContain(host);
  });

  it('names a file that is not there, or may not be read', () => {
    expect(() => loadConfig(join(folder, 'none.yaml'))).toThrow(/none\.yaml cannot be read: ENOENT/);
    expect(() => loadConfig(folder)).toThrow(/cannot be read: EISDIR/);
  });
});
