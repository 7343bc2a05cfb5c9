/**
 * What each operator request does, but for opening and watching a round, which go on after their first reply. One row a type.
 */
import type { Catalogues } from '../catalogue/catalogues.ts';
import type { Enrolment } from '../enrolment/enrolment.ts';
import type { Homes } from '../enrolment/homes.ts';
import { BrokerError } from '../errors.ts';
import { hint } from '../nearest.ts';
import type { HomeRow, OperatorReply, OperatorRequest } from '../protocol/operator.ts';
import type { Rounds } from '../rounds/rounds.ts';
import type { ScheduleList } from '../schedules/schedule-list.ts';
import type { Schedules } from '../schedules/schedules.ts';
import type { Tariffs } from '../tariff/tariffs.ts';

export interface ActionsParts {
  readonly homes: Homes;
  readonly enrolment: Enrolment;
  readonly catalogues: Catalogues;
  readonly rounds: Rounds;
  readonly tariffs: Tariffs;
  readonly schedules: Schedules;
  readonly scheduleList: ScheduleList;
}

type RequestOf<Type extends OperatorRequest['type']> = Extract<OperatorRequest, { type: Type }>;
type ResultBody =
  Extract<OperatorReply, { type: 'result' }> extends infer Each
    ? Each extends OperatorReply
      ? Omit<Each, 'v' | 'request' | 'type'>
      : never
    : never;
/** The others go on after their first reply. */
export type Action = Exclude<OperatorRequest['type'], 'round' | 'round-watch'>;
type Actions = { readonly [Type in Action]: (request: RequestOf<Type>) => ResultBody | Promise<ResultBody> };

/** Those that only look are done anew when they are repeated; of the others the outcome is kept. */
export const onlyLooks: ReadonlySet<OperatorRequest['type']> = new Set([
  'search',
  'values',
  'homes',
  'rounds',
  'round-show',
  'round-watch',
  'schedules',
]);

export class OperatorActions {
  readonly #parts: ActionsParts;
  readonly #actions: Actions;

  constructor(parts: ActionsParts) {
    this.#parts = parts;
    const { homes, enrolment, catalogues, rounds, tariffs, scheduleList } = parts;
    this.#actions = {
      search: ({ tags, cohort }) => ({ of: 'search', ...catalogues.search(tags, this.#known(cohort)) }),
      values: ({ home, tensor }) => {
        throw new BrokerError('VALUES_STAY_HOME', { home, tensor });
      },
      homes: ({ cohort }) => ({ of: 'homes', homes: this.#homeRows(this.#known(cohort)) }),
      approve: async ({ home, cohort, fingerprint }) => {
        await enrolment.approve(home, cohort, fingerprint);
        const row = homes.row(home);
        if (row === undefined) throw new BrokerError('HOME_UNKNOWN', { home, hint: '' });
        return { of: 'approve', home: row };
      },
      'home-remove': async ({ home }) => {
        const cohort = await enrolment.remove(home);
        return { of: 'home-remove', home, ...(cohort !== undefined && { cohort }) };
      },
      roster: async ({ cohort }) => {
        this.#known(cohort);
        return { of: 'roster', ...(await rounds.publishRoster(cohort)) };
      },
      rounds: ({ cohort }) => ({ of: 'rounds', rounds: rounds.list(this.#known(cohort)) }),
      'round-show': ({ round }) => ({
        of: 'round-show',
        ...rounds.show(round),
        standing: rounds.standing(round),
      }),
      'round-stop': ({ round }) => ({ of: 'round-stop', row: rounds.stop(round) }),
      tariff: async (request) => ({ of: 'tariff', ...(await tariffs.set(request, rounds.show(request.round))) }),
      'schedule-add': (request) => this.#addSchedule(request),
      schedules: ({ cohort }) => ({ of: 'schedules', schedules: scheduleList.rows(this.#known(cohort)) }),
      'schedule-pause': ({ schedule }) => this.#changeSchedule('pause', schedule),
      'schedule-resume': ({ schedule }) => this.#changeSchedule('resume', schedule),
      'schedule-remove': ({ schedule }) => {
        parts.schedules.remove(schedule);
        return { of: 'schedule-remove', schedule };
      },
    };
  }

  #addSchedule({ v: _v, type: _type, ...terms }: RequestOf<'schedule-add'>): ResultBody {
    const { schedules, scheduleList } = this.#parts;
    this.assertAskable(terms);
    schedules.add(terms);
    return { of: 'schedule-add', schedule: scheduleList.row(terms.schedule) };
  }

  #changeSchedule(change: 'pause' | 'resume', schedule: string): ResultBody {
    const { schedules, scheduleList } = this.#parts;
    schedules[change](schedule);
    return { of: `schedule-${change}`, schedule: scheduleList.row(schedule) };
  }

  /** @throws {CodedError} why it is refused */
  async perform(request: RequestOf<Action>): Promise<ResultBody> {
    const action = this.#actions[request.type] as (request: OperatorRequest) => ResultBody | Promise<ResultBody>;
    return await action(request);
  }

  /** @throws {BrokerError} COHORT_UNKNOWN, TAG_UNKNOWN: more to the point than what a plan would find missing */
  assertAskable({ cohort, tags }: Pick<RequestOf<'round'>, 'cohort' | 'tags'>): void {
    this.#known(cohort);
    const known = this.#parts.catalogues.tags(cohort);
    const unknown = tags.find((tag) => !known.includes(tag));
    if (unknown === undefined) return;
    const list = known.length === 0 ? 'none yet' : known.slice(0, 20).join(' ');
    throw new BrokerError('TAG_UNKNOWN', { cohort, tag: unknown, hint: hint(unknown, known), known: list });
  }

  #homeRows(cohort: string | undefined): HomeRow[] {
    const { homes, rounds } = this.#parts;
    const cohorts = cohort === undefined ? homes.cohorts() : [cohort];
    const leftOut = new Map(rounds.leftOut(cohorts).map(({ home, why }) => [home, why]));
    return homes.rows(cohort).map((row) => {
      const keptOut = row.keptOut ?? (row.state === 'approved' ? leftOut.get(row.home) : undefined);
      return keptOut === undefined ? row : { ...row, keptOut };
    });
  }

  #known(cohort: string): string;
  #known(cohort: string | undefined): string | undefined;
  #known(cohort: string | undefined): string | undefined {
    const cohorts = this.#parts.homes.cohorts();
    if (cohort === undefined || cohorts.includes(cohort)) return cohort;
    throw new BrokerError('COHORT_UNKNOWN', { cohort, hint: hint(cohort, cohorts) });
  }
}
