/** The whole broker process's inside, on an ephemeral port with a stepped clock; and an operator's raw MQTT. For tests. */
import { connectAsync, type MqttClient } from 'mqtt';
import type { BrokerConfig, BrokerConfigInput } from '../../broker/config.ts';
import { BrokerConfig as Schema } from '../../broker/config.ts';
import { type RunningBroker, runBroker } from '../../broker/main.ts';
import { SteppedClock } from '../../broker/protocol/clock.ts';
import { OperatorReply } from '../../broker/protocol/operator.ts';
import { topicOf } from '../../broker/protocol/topics.ts';
import { eventually } from './eventually.ts';
import { keepingLog } from './silent-log.ts';
import { noon, prefix } from './utility-kit.ts';

export interface TestBroker extends RunningBroker {
  readonly clock: SteppedClock;
  readonly lines: readonly string[];
}

export async function startBroker(
  folder: string,
  clock = new SteppedClock(noon),
  more: Partial<BrokerConfigInput> = {},
): Promise<TestBroker> {
  const { log, lines } = keepingLog();
  const config: BrokerConfig = Schema.parse({ dataDir: folder, listen: { port: 0 }, ...more });
  const broker = await runBroker(config, clock, log);
  return { host: broker.host, port: broker.port, close: () => broker.close(), clock, lines };
}

/** Speaks nothing but JSON over MQTT, as mosquitto_pub and mosquitto_sub do. */
export class RawOperator {
  readonly replies: OperatorReply[] = [];
  readonly #mqtt: MqttClient;

  private constructor(mqtt: MqttClient) {
    this.#mqtt = mqtt;
    mqtt.on('message', (_, payload) => {
      this.replies.push(OperatorReply.parse(JSON.parse(payload.toString())));
    });
  }

  static async connect(port: number): Promise<RawOperator> {
    // No client id, as mosquitto_pub sends none.
    const options = { clientId: '', clean: true, reconnectPeriod: 0 };
    const mqtt = await connectAsync(`mqtt://127.0.0.1:${port}`, options, false);
    mqtt.on('error', () => undefined);
    await mqtt.subscribeAsync(`${prefix}/operator/replies/+`, { qos: 1 });
    return new RawOperator(mqtt);
  }

  async send(request: string, payload: string | object): Promise<void> {
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
    await this.#mqtt.publishAsync(topicOf(prefix, 'operatorRequest', { request }), text, { qos: 1 });
  }

  /** Sends, and waits for the reply that ends it. */
  async ask(request: string, payload: string | object): Promise<OperatorReply> {
    const before = this.finals(request).length;
    await this.send(request, payload);
    await eventually(() => this.finals(request).length).toBe(before + 1);
    const reply = this.finals(request).at(-1);
    if (reply === undefined) throw new Error('no reply');
    return reply;
  }

  of(request: string): OperatorReply[] {
    return this.replies.filter((reply) => reply.request === request);
  }

  finals(request: string): OperatorReply[] {
    return this.of(request).filter(({ type }) => type === 'result' || type === 'error');
  }

  async close(): Promise<void> {
    await this.#mqtt.endAsync();
  }
}
