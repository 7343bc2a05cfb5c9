/**
 * Reads agent.yaml, checks it, and says of the first thing wrong where it stands and what to write instead.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Document, LineCounter, parseDocument } from 'yaml';
import { lineOf, problemOf } from './config-problems.ts';
import { checkReferences } from './config-references.ts';
import { AgentYaml, type Settings } from './config-schema.ts';
import { AgentError, reasonOf } from './errors.ts';

/** `dataDir` and the paths of ports and profiles are absolute: in the file they start from the file's folder. */
export interface AgentConfig extends Settings {
  readonly path: string;
}

/** @throws {AgentError} CONFIG_*, BROKER_NOT_LOOPBACK */
export function loadConfig(file: string): AgentConfig {
  const path = resolve(file);
  const lines = new LineCounter();
  const document = parseDocument(read(path), { lineCounter: lines, prettyErrors: false });
  const [broken] = document.errors;
  if (broken !== undefined) {
    throw new AgentError('CONFIG_NOT_YAML', { path, line: lines.linePos(broken.pos[0]).line, why: broken.message });
  }
  const parsed = AgentYaml.safeParse(valuesOf(document, path) ?? {});
  if (!parsed.success) throw problemOf(AgentYaml, parsed.error, { path, document, lines });
  checkReferences(parsed.data, { path, document, lines });
  checkBroker(parsed.data.broker, { path, line: lineOf(['broker', 'url'], document, lines) });
  return resolved(parsed.data, path);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new AgentError('CONFIG_UNREADABLE', { path, why: reasonOf(error) }, { cause: error });
  }
}

function valuesOf(document: Document, path: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // An alias without an anchor is found out only here.
    throw new AgentError('CONFIG_NOT_YAML', { path, line: 1, why: reasonOf(error) }, { cause: error });
  }
}

function resolved(config: Settings, path: string): AgentConfig {
  const folder = dirname(path);
  const withPath = <Item extends { readonly profile: string }>(item: Item): Item =>
    /\/|\.ya?ml$/.test(item.profile) ? { ...item, profile: resolve(folder, item.profile) } : item;
  const devices = config.devices.map(withPath);
  const plugs = config.plugs.map(withPath);
  const buses = config.buses.map((bus) =>
    /^\.\.?\//.test(bus.port) ? { ...bus, port: resolve(folder, bus.port) } : bus,
  );
  return { ...config, buses, devices, plugs, dataDir: resolve(folder, config.dataDir), path };
}

function checkBroker(broker: Settings['broker'], at: { path: string; line: number }): void {
  const host = urlOf(broker.url)?.hostname ?? '';
  const loopback = host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
  if (!loopback && !broker.insecure) throw new AgentError('BROKER_NOT_LOOPBACK', { ...at, host });
}

function urlOf(value: string): URL | undefined {
  return URL.canParse(value) ? new URL(value) : undefined;
}
