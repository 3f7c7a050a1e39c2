import { closeSync, constants, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Up to which change of S3 the bus has heard, on disk: what came after is told again when the cloud starts next. */
export class HeardObjects {
  readonly #descriptor: number;
  #sequencer: string;

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.#descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT);
    this.#sequencer = readFileSync(this.#descriptor, 'utf8');
  }

  /** The empty string when nothing has been heard. Sequencers have one length, and a later one is greater as text. */
  get sequencer(): string {
    return this.#sequencer;
  }

  /** To be called once the event is kept elsewhere. */
  advance(sequencer: string): void {
    if (sequencer <= this.#sequencer) return;
    writeSync(this.#descriptor, sequencer, 0);
    this.#sequencer = sequencer;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
