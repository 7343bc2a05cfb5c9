import { HardwareError } from '../../hardware/errors.ts';

/** The code of the error that `work` fails with; `done` if it does not, and the error itself if it is none of ours. */
export async function codeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return 'done';
  } catch (error) {
    return error instanceof HardwareError ? error.code : error;
  }
}
