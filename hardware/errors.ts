/**
 * What can go wrong on a wire, each with what to do: one table. Texts bear no reading.
 */

export interface ErrorText {
  /** What is wrong; `{name}` stands for a detail given when the error is made, `[… {name} …]` goes where there is none. */
  readonly says: string;
  readonly remedy: string;
}

export const hardwareErrors = {
  PORT_NOT_FOUND: {
    says: 'there is no port {port}',
    remedy: 'Plug the adapter in, or put a port that exists into the configuration. Ports here: {ports}',
  },
  PORT_NO_PERMISSION: {
    says: 'the user {user} may not open {port}',
    remedy: 'Join the group that may, then log in again: sudo usermod -aG {group} {user}',
  },
  PORT_BUSY: {
    says: '{port} is in use by {holder}',
    remedy: 'End that program. If it is the agent, let it do it for you: wattveil meters read, wattveil plugs on',
  },
  PORT_GONE: {
    says: '{port} has gone away: unplugged, without power, or the connection was closed',
    remedy: 'Plug it in again: reading goes on by itself as soon as the port is back under that name.',
  },
  PORT_REFUSED: {
    says: 'nothing listens at {port}',
    remedy:
      'Check the port number at the gateway (Modbus TCP is mostly 502) and that no other program has its only place.',
  },
  PORT_UNREACHABLE: {
    says: '{port} is not reached: {why}',
    remedy: 'Check name, address, cable and power of the gateway.',
  },
  PORT_FAILED: {
    says: '{port} does not open: {why}',
    remedy: 'Check that it is a serial port and takes these settings: stty -F {port} -a',
  },
  PORT_NAME_CHANGES: {
    says: '{port} may be another adapter after the next start, or when one is plugged in',
    remedy: 'Write the name that stays into the configuration: port: {name}',
  },
  LINE_NOT_QUIET: {
    says: 'something talks on {port} without a pause',
    remedy: 'Look for a second master on the line, a wrong baud rate, or A and B swapped.',
  },
  BUS_CLOSED: {
    says: 'the bus on {port} was closed',
    remedy: 'Nothing to do: whoever opened it is stopping.',
  },
  METER_NO_ANSWER: {
    says: '{meter} on {port}[, address {address},] did not answer within {ms} ms (tries: {tries})',
    remedy:
      'Check its power, the wiring (A and B swapped?), address and speed[ (new from the maker: {delivered})]; this finds it wherever it is: wattveil meters scan {port}',
  },
  METER_BAD_FRAME: {
    says: '{meter} on {port}[, address {address},] gives damaged answers: {why} (tries: {tries})',
    remedy: 'Check parity, the line termination and that no two devices share an address, then try again.',
  },
  METER_EXCEPTION: {
    says: '{meter} on {port}, address {address}, refuses {request}: {why}',
    remedy:
      'If it says so every time, the profile {profile} does not fit this device: put the right one into the configuration.',
  },
  METER_ADDRESS_TWICE: {
    says: 'more than one device seems to answer at address {address} on {port}: answers of {meter} are garbled, and longer than they are ({why}; tries: {tries})',
    remedy: 'Take one of them off the line, give the other another address, then: wattveil meters scan {port}',
  },
  METER_OTHER_MODEL: {
    says: '{meter} on {port}, address {address}, says that it is another model',
    remedy: 'Put the profile of that model into the configuration; this names it: wattveil meters scan {port}',
  },
  METER_ANSWERS_OTHERWISE: {
    says: 'a device at address {address} of {port} answers with other settings',
    remedy: 'Write them into the bus of the configuration: {what}',
  },
  NO_ANSWER_AT_ANY_SPEED: {
    says: 'nothing answers at address {address} of {port}, at any speed',
    remedy: 'Swap A and B; check power, termination and address: wattveil meters scan {port} --addresses 1-247',
  },
  PROFILES_ALIKE: {
    says: 'several profiles fit the device[ at address {address}] on {port}: {profiles}',
    remedy: 'Look at the name on its front, and write the profile of that model, if it is not {profile}.',
  },
  PROFILE_UNCONFIRMED: {
    says: 'the profile {profile} is after one source, or sources disagree',
    remedy: 'Compare what it gives with the display of the device, the energies above all.',
  },
  METER_WITHOUT_PIN: {
    says: 'the meter ({profile}) gives whole kWh and no power',
    remedy: "Enter the meter's PIN at its display (the network operator has it) and turn the full record on (InF on).",
  },
  REGISTER_ABSENT: {
    says: '{meter} on {port}, address {address}, has no {quantity}: it is read without',
    remedy: 'Nothing to do, unless a tensor is made of it: then choose another quantity.',
  },
  VALUE_IMPLAUSIBLE: {
    says: '{meter} on {port}, address {address}, gives a {quantity} outside of {least} to {most} {unit}: left out',
    remedy: 'Look at its registers: wattveil meters try {profile} --port {port} --address {address}. {advice}',
  },
  METER_REPLACED: {
    says: '{meter} on {port}[, address {address},] has serial number {found}, not {expected}',
    remedy: 'If the meter was replaced, give the new one a device of its own in the configuration.',
  },
  METER_SILENT: {
    says: '{meter} on {port} sent nothing for {ms} ms',
    remedy:
      'Check the cable, that an optical head sits straight on the meter, and speed and framing (usually {delivered}); some meters have to be told to send, at their display.',
  },
  METER_GARBLED: {
    says: '{meter} on {port} sends no telegram that can be read: {why}',
    remedy: 'Check speed and framing (usually {delivered}), the cable, and that the profile {profile} fits the meter.',
  },
  METER_OUT_OF_TIME: {
    says: '{meter} on {port} sends telegrams that are too old by its own clock',
    remedy: 'Set the clock of this machine, or take maxAge away from the device in the configuration.',
  },
  METER_KEY_MISSING: {
    says: '{meter} sends encrypted telegrams',
    remedy: 'Ask the network operator for the key of its customer port, and give it: key at the device, or --key.',
  },
  RECORDING_WITHOUT_TELEGRAMS: {
    says: 'the recording holds no whole telegram of {format}[, but of {other}]',
    remedy:
      'Choose the format that the meter speaks[: --format {other}], or record for longer, at its speed and framing.',
  },
  METER_KEY_WRONG: {
    says: 'the key given does not open the telegrams of {meter}[ on {port}]',
    remedy: 'Compare key and authenticationKey with what the network operator wrote, 32 digits in hex each.',
  },
  SWITCH_NOT_DONE: {
    says: 'channel {channel} of {relay} on {port}[, address {address},] was turned {asked} and says it is {state}',
    remedy: 'Check that the board has the power its relays need and that nothing else turns it; then try again.',
  },
  SWITCH_TIMER_NOT_SET: {
    says: '{relay} on {port}, address {address}, does not take a safety timer of {safetyS} s, but {found} s',
    remedy: 'Choose a length that it takes, or leave safety out: then it stays as it is when the gateway is gone.',
  },
  SWITCH_NO_CHANNEL: {
    says: '{relay} has no channel {channel}',
    remedy: 'Its channels are 1 to {channels}, as printed on the board.',
  },
  SWITCH_NO_TIMER: {
    says: '{relay} cannot turn itself off when nobody speaks to it for so long (longest: {longest} s)',
    remedy: 'Leave safety out, and know that it stays as it is when the gateway is gone; or use a board with a timer.',
  },
  DEVICE_WITHOUT_ADDRESS: {
    says: 'a device with the profile {profile} has no address from 1 to 247',
    remedy: 'Put its address on the line into the configuration, 1 to 247: address: 1',
  },
  HOUSEHOLD_INVALID: {
    says: '{file} is no household that can be simulated: {why}',
    remedy: 'Correct it; an example is shown by: wattveil simulate --help',
  },
  PROFILE_UNKNOWN: {
    says: 'there is no device profile {profile}',
    remedy: 'Use one of {profiles}, or the path of a profile file of your own.',
  },
  PROFILE_INVALID: {
    says: 'the device profile {profile} is wrong: {why}',
    remedy: 'Correct it by the rules in hardware/README.md, then try again.',
  },
} as const satisfies Readonly<Record<string, ErrorText>>;

export type HardwareErrorCode = keyof typeof hardwareErrors;
export type Details = { readonly exception?: number } & Readonly<Record<string, string | number>>;

/** Whatever keeps a device from being read. `message` is `says`. */
export class HardwareError extends Error {
  readonly code: HardwareErrorCode;
  readonly says: string;
  readonly remedy: string;
  readonly details: Details;

  constructor(code: HardwareErrorCode, details: Details, options?: ErrorOptions) {
    const says = fill(hardwareErrors[code].says, details);
    super(says, options);
    this.name = 'HardwareError';
    this.code = code;
    this.details = details;
    this.says = says;
    this.remedy = fill(hardwareErrors[code].remedy, details);
  }
}

function fill(text: string, details: Details): string {
  const known = (name: string) => details[name] !== undefined && details[name] !== '';
  const whole = text.replace(/\[([^\]]*?\{(\w+)\}[^\]]*)\]/g, (_, part: string, name: string) =>
    known(name) ? part : '',
  );
  return whole.replace(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? `{${name}}`));
}
