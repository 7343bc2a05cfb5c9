/**
 * Counts cases by section: passed, and failed with what went wrong.
 */

interface Section {
  passed: number;
  readonly failed: string[];
}

export class Tally {
  readonly #sections = new Map<string, Section>();

  /** One case: it passes when `holds` returns true. What it throws is a failure with that text. */
  check(section: string, name: string, holds: () => boolean): void {
    let problem: string | undefined;
    try {
      if (!holds()) problem = 'differs';
    } catch (error) {
      problem = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    }
    const counted = this.#section(section);
    if (problem === undefined) counted.passed += 1;
    else counted.failed.push(`${name}: ${problem}`);
  }

  get passed(): number {
    return [...this.#sections.values()].reduce((sum, section) => sum + section.passed, 0);
  }

  get failed(): readonly string[] {
    return [...this.#sections].flatMap(([name, section]) => section.failed.map((failure) => `${name}: ${failure}`));
  }

  /** One line per section. */
  lines(): string[] {
    const sections = [...this.#sections].map(([name, { passed, failed }]) => {
      return `  ${name.padEnd(18)} ${String(passed).padStart(5)} passed${failed.length > 0 ? `, ${failed.length} FAILED` : ''}`;
    });
    const failures = this.failed.map((failure) => `  FAILED ${failure}`);
    return [...sections, ...failures];
  }

  #section(name: string): Section {
    let section = this.#sections.get(name);
    if (section === undefined) {
      section = { passed: 0, failed: [] };
      this.#sections.set(name, section);
    }
    return section;
  }
}
