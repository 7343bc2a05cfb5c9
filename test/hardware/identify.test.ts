import { expect, test } from 'vitest';
import { busOver } from '../../hardware/bus/bus.ts';
import { busDefaults } from '../../hardware/bus/bus-config.ts';
import { identify } from '../../hardware/identify.ts';
import { SimulatedDevices } from '../../hardware/simulator/simulated-devices.ts';
import { MemoryLine } from './memory-line.ts';
import { never } from './never.ts';

test('a meter is known also where the first answer to each question is lost', async () => {
  const devices = new SimulatedDevices([{ address: 1, profile: 'abb-b23', load: 100 }], () => 0);
  const asked = new Set<string>();
  const line = new MemoryLine((request, self) => {
    const answers = devices.hear(request);
    const question = Buffer.from(request).toString('hex');
    if (!asked.has(question)) return void asked.add(question);
    for (const { bytes, afterMs } of answers) self.say(bytes, 1 + afterMs, 300);
  });
  const bus = busOver(line, { ...busDefaults, port: 'memory', baudRate: 115_200, timeoutMs: 30, pauseMs: 0 });
  try {
    expect(await identify(bus, 1, never)).toMatchObject({ profiles: ['abb-b23'], sure: true });
  } finally {
    await bus.close();
  }
});
