/**
 * Bytes that were written down in hex, as programs that show a port's bytes do: told from the bytes themselves. Pure.
 */

/** Hex digits with white space between them, in the first bytes: no telegram of any format is so. */
const enoughBytes = 4096;

export class HexDump {
  #isDump: boolean | undefined;
  #undecided: Uint8Array = new Uint8Array();
  /** The first digit of a byte whose second has not come. */
  #digit: number | undefined;

  /** @returns the bytes that are meant, which are those that came where they are no dump */
  push(bytes: Uint8Array): Uint8Array {
    if (this.#isDump === undefined) {
      this.#undecided = Buffer.concat([this.#undecided, bytes]);
      if (!bytes.every(isOfDump)) this.#isDump = false;
      else if (this.#undecided.length >= enoughBytes) this.#isDump = true;
      return this.#isDump === undefined ? new Uint8Array() : this.#decided();
    }
    return this.#isDump ? this.#meant(bytes) : bytes;
  }

  end(): Uint8Array {
    if (this.#isDump !== undefined) return new Uint8Array();
    this.#isDump = true;
    return this.#decided();
  }

  #decided(): Uint8Array {
    const bytes = this.#undecided;
    this.#undecided = new Uint8Array();
    return this.#isDump ? this.#meant(bytes) : bytes;
  }

  #meant(text: Uint8Array): Uint8Array {
    const bytes: number[] = [];
    for (const character of text) {
      const digit = digitOf(character);
      if (digit === undefined) continue;
      if (this.#digit === undefined) this.#digit = digit;
      else {
        bytes.push(16 * this.#digit + digit);
        this.#digit = undefined;
      }
    }
    return Uint8Array.from(bytes);
  }
}

function isOfDump(character: number): boolean {
  return digitOf(character) !== undefined || character === 0x20 || (character >= 0x09 && character <= 0x0d);
}

function digitOf(character: number): number | undefined {
  if (character >= 0x30 && character <= 0x39) return character - 0x30;
  const letter = character | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : undefined;
}
