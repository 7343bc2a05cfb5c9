/** Of every law by fast-check: one that fails by chance may shrink for hours, and a synchronous one hears no time limit. */
import fc from 'fast-check';

fc.configureGlobal({ interruptAfterTimeLimit: 50_000, markInterruptAsFailure: true });
