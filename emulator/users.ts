import { USER_ID } from './callers.js';

/**
 * Who works on a portal. The first one installed the application; tokens and the webhook belong to that user unless told
 * otherwise.
 */
export class Users {
  private readonly administrators = new Map<number, boolean>();

  constructor(firstIsAdministrator: boolean) {
    this.administrators.set(USER_ID, firstIsAdministrator);
  }

  /** @returns the new user's id */
  add(administrator: boolean): number {
    const id = USER_ID + this.administrators.size;
    this.administrators.set(id, administrator);
    return id;
  }

  isAdministrator(id: number): boolean {
    return this.administrators.get(id) === true;
  }

  /** @throws Error for an unknown user */
  setAdministrator(id: number, administrator: boolean): void {
    this.require(id);
    this.administrators.set(id, administrator);
  }

  /** @throws Error for an unknown user */
  require(id: number): number {
    if (!this.administrators.has(id)) throw new Error(`There is no user ${id}`);
    return id;
  }
}
