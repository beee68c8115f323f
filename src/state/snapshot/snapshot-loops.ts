interface Loop {
  look(): void;
}

/** The snapshot loops of the portals that this process owns, by member id. */
export class SnapshotLoops {
  private readonly loops = new Map<string, Loop>();

  add(memberId: string, loop: Loop): void {
    this.loops.set(memberId, loop);
  }

  /** Another one may run by now. */
  remove(memberId: string, loop: Loop): void {
    if (this.loops.get(memberId) === loop) this.loops.delete(memberId);
  }

  /** There are snapshots of these portals to read; those of other processes do it there. */
  look(memberIds: Iterable<string>): void {
    for (const memberId of memberIds) this.loops.get(memberId)?.look();
  }
}
