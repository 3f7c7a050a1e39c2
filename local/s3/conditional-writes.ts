import { S3Error } from './errors.ts';

interface Location {
  readonly bucket: string;
  readonly key: string;
}

/**
 * The conditional writes under way. "If a delete request to an object succeeds before a conditional write operation on that object completes",
 * the write is a conflict, which its client may try again ("Conditional write behavior", S3 User Guide).
 */
export class ConditionalWrites {
  readonly #underWay = new Set<{ readonly location: Location; deletedMeanwhile: boolean }>();

  /** Runs a write; `refuseIfDeleted` throws ConditionalRequestConflict when the key has been deleted since the start. */
  async during<T>(location: Location, write: (refuseIfDeleted: () => void) => Promise<T>): Promise<T> {
    const underWay = { location, deletedMeanwhile: false };
    this.#underWay.add(underWay);
    try {
      return await write(() => {
        if (underWay.deletedMeanwhile) throw conflict(location.key);
      });
    } finally {
      this.#underWay.delete(underWay);
    }
  }

  noteDeletion({ bucket, key }: Location): void {
    for (const write of this.#underWay) {
      if (write.location.bucket === bucket && write.location.key === key) write.deletedMeanwhile = true;
    }
  }
}

function conflict(key: string): S3Error {
  return new S3Error(
    'ConditionalRequestConflict',
    'The conditional request cannot succeed due to a conflicting operation against this resource.',
    { details: { Key: key } },
  );
}
