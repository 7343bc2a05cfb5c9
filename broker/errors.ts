/**
 * Every error of the utility's side: code, what is wrong, what to do. One table.
 */
import { CodedError, type Details, type ErrorTable } from './protocol/errors.ts';

export const brokerErrors = {
  // --- configuration and start ---
  CONFIG_NOT_FOUND: {
    says: 'there is no configuration file {path}',
    remedy: 'Give its path with --config, or create it: wattveil broker run --help shows an example.',
  },
  CONFIG_NOT_YAML: {
    says: '{path} is not YAML: {why}',
    remedy: 'Mend the line named; indent with spaces.',
  },
  CONFIG_KEY_UNKNOWN: {
    says: '{path}: there is no key {key}{hint}',
    remedy: 'Known here: {known}.',
  },
  CONFIG_INVALID: {
    says: '{path}: {key} {why}',
    remedy: 'Correct that value: wattveil broker run --help shows an example.',
  },
  LISTEN_NOT_LOOPBACK: {
    says: 'listening on {host} without TLS lets others read and change what is sent',
    remedy: 'Listen on 127.0.0.1, or set listen.insecure: true if the network is yours alone.',
  },
  LISTEN_FAILED: {
    says: 'cannot listen on {host}:{port}: {why}',
    remedy: 'Free that port or choose another: listen.port.',
  },
  BROKER_RUNS_ALREADY: {
    says: 'a broker already runs on the data folder {folder}{hint}',
    remedy: 'Stop that one first, or give this one a folder of its own: dataDir.',
  },
  DATA_FOLDER_UNUSABLE: {
    says: 'the data folder {folder} cannot be used: {why}',
    remedy: 'Create it for the user that runs the broker, mode 0700.',
  },
  DATA_FOLDER_OPEN: {
    says: 'the data folder {folder} is open to others (mode {mode}) and holds other things',
    remedy: 'Give the broker a folder of its own: dataDir.',
  },
  KEY_FILE_UNUSABLE: {
    says: 'the key file {path} cannot be used: {why}',
    remedy: 'Restore it from your backup, mode 0600. A new key means that every home has to enrol anew.',
  },
  DATABASE_UNREADABLE: {
    says: 'the database {path} cannot be opened: {why}',
    remedy: 'Check owner and free space; restore a backup if the file is damaged.',
  },
  DATABASE_NOT_DURABLE: {
    says: 'the database {path} does not keep what it acknowledges: {found}',
    remedy: 'Put dataDir on a local file system that carries SQLite in WAL mode.',
  },
  DATABASE_NEWER: {
    says: 'the database {path} was written by a newer version (it has "{migration}")',
    remedy: 'Run that version, or restore a backup from before.',
  },

  // --- enrolment ---
  ENROLMENT_MALFORMED: {
    says: 'the enrolment request is refused: {why}',
    remedy: 'Send a PKCS#10 request signed by the home’s Ed25519 key, with CN = home id.',
  },
  ENROLMENT_KEY_DIFFERS: {
    says: 'another key is known, or has asked before, as {home}',
    remedy:
      'Choose another home id; or, if the old key is lost, ask the operator to approve the new one by its fingerprint.',
  },
  ENROLMENT_FULL: {
    says: 'too many requests wait for the operator',
    remedy: 'Try again later.',
  },
  HOME_UNKNOWN: {
    says: 'no home {home} has asked to be enrolled{hint}',
    remedy: 'See who has: wattveil homes list.',
  },
  HOME_IN_OTHER_COHORT: {
    says: '{home} is approved already, in cohort {cohort}',
    remedy: 'A home stays in its cohort; enrol it under another id for another cohort.',
  },
  FINGERPRINT_NEEDED: {
    says: 'more than one key asks to be {home}',
    remedy: 'Compare the fingerprints with the home’s own and name one: {fingerprints}.',
  },
  FINGERPRINT_UNKNOWN: {
    says: 'no key with fingerprint {fingerprint} asks to be {home}',
    remedy: 'See the fingerprints: wattveil homes list.',
  },
  IDENTITY_TAKEN: {
    says: 'the key that asks to be {home} is already that of {holder}',
    remedy: 'Each home makes a key of its own: give it an empty dataDir and let it ask again.',
  },
  EPOCH_TAKEN: {
    says: 'the authority has signed another member list for {cohort}, epoch {epoch}',
    remedy: 'Take a higher epoch: one epoch, one list.',
  },

  // --- operator requests ---
  REQUEST_ID_INVALID: {
    says: 'the request id is not 1 to 64 of A-Z a-z 0-9 _ -',
    remedy: 'Publish to operator/requests/{id} with such an id, a new one for each request.',
  },
  REQUEST_NOT_JSON: {
    says: 'the request is not JSON: {why}',
    remedy: 'Send one JSON object, e.g. {"v":1,"type":"search","tags":["#fridge"]}.',
  },
  REQUEST_MALFORMED: {
    says: 'the request does not follow its schema: {why}',
    remedy: 'Correct that field; broker/README.md lists the requests.',
  },
  REQUEST_ID_REUSED: {
    says: 'the request id {request} was used before, for something else',
    remedy: 'Choose a new request id.',
  },
  REQUEST_FAILED: {
    says: 'the request failed in the broker itself',
    remedy: 'See the broker’s log; repeat the request with the same id.',
  },
  VALUES_STAY_HOME: {
    says: 'the values of {tensor} stay with {home}; nobody but its household can read them',
    remedy: 'Open a round over its tags: you get the sum over the homes that take part.',
  },
  COHORT_UNKNOWN: {
    says: 'there is no cohort {cohort} with an approved home{hint}',
    remedy: 'See the cohorts: wattveil homes list.',
  },
  TAG_UNKNOWN: {
    says: 'no published tensor in {cohort} has the tag {tag}{hint}',
    remedy: "Look before asking: wattveil search '{tag}'. Tags there: {known}.",
  },
  ROUND_UNKNOWN: {
    says: 'there is no round {round}',
    remedy: 'See the rounds: wattveil rounds list.',
  },
  ROUND_OVER: {
    says: 'round {round} cannot be stopped: it is {state}',
    remedy: 'See its result: wattveil rounds show {round}',
  },
  WATCHED_BY_TOO_MANY: {
    says: '{most} requests follow rounds already',
    remedy: 'Look at it instead: wattveil rounds show {round}',
  },

  // --- tariff ---
  TARIFF_ROUND_NOT_OPENED: {
    says: 'round {round} has no sum: it is {state}',
    remedy: 'Wait for it to open (wattveil rounds show {round}), or take another round.',
  },
  TARIFF_NOT_ENERGY: {
    says: 'round {round} summed {quantity} in {unit}, a tariff needs energy in Wh',
    remedy: 'Take a round over energyImport or energyExport.',
  },
  TARIFF_OVER: {
    says: 'the tariff would have ended at {until}',
    remedy: 'Give a later start with --from.',
  },
  // --- schedules ---
  SCHEDULE_UNKNOWN: {
    says: 'there is no schedule {schedule}{hint}',
    remedy: 'See them: wattveil schedules list.',
  },
  SCHEDULE_EXISTS: {
    says: 'there is a schedule {schedule} already, with other terms',
    remedy: 'Choose another name, or remove that one first: wattveil schedules remove {schedule}',
  },
  SCHEDULE_ZONE_UNKNOWN: {
    says: 'there is no time zone {zone}{hint}',
    remedy: 'Give its IANA name, like Europe/Berlin.',
  },
  SCHEDULE_SPREAD_TOO_LONG: {
    says: 'cohorts would be spread over {spread} minutes, and a slot has {slot}',
    remedy: 'Give a spread of at most {slot} minutes, or fewer times a day.',
  },
  SCHEDULE_TARIFF_TAKEN: {
    says: 'the schedule {other} makes the tariff of {cohort} already, and a cohort has one',
    remedy: 'Leave the formula out, or remove {other} first.',
  },
  SCHEDULE_NOT_ENERGY: {
    says: 'the schedule would make a tariff of {quantity} in {unit}, and a tariff needs energy in Wh',
    remedy: 'Leave the formula out, or ask for energyImport or energyExport in Wh.',
  },

  // --- formulas ---
  FORMULA_TOO_LONG: {
    says: 'the formula has {length} characters, more than {limit}',
    remedy: 'Shorten it.',
  },
  FORMULA_MALFORMED: {
    says: 'the formula cannot be read: {why}',
    remedy: 'Write it like 0.5*mean+5, with + - * / ^ ( ), min, max, round, if .. then .. else.',
  },
  FORMULA_NAME_UNKNOWN: {
    says: 'the formula uses {name}, which does not exist{hint}',
    remedy: 'It may use mean, sum and contributors.',
  },
  FORMULA_NOT_A_NUMBER: {
    says: 'the formula gives {found} for slot {slot}, not a finite number',
    remedy: 'Make it yield a number for every slot; guard divisions with if .. then .. else.',
  },
} as const satisfies ErrorTable;

export type BrokerErrorCode = keyof typeof brokerErrors;

/** Whatever the utility's side refuses or cannot do. */
export class BrokerError extends CodedError<BrokerErrorCode> {
  constructor(code: BrokerErrorCode, details: Details = {}, options?: ErrorOptions) {
    super(brokerErrors, code, details, options);
    this.name = 'BrokerError';
  }
}
