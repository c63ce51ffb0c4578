// Keep the latest state of every entity and tell listeners, at most once a frame, what changed.

import type { Kind, Kinds } from "./types";

const ID_FIELD: { [K in Kind]: keyof Kinds[K] & string } = {
  truck: "truck_id",
  lot: "lot_id",
  slot: "slot_id",
  assignment: "assignment_id",
  corridor: "corridor_id",
  checkpoint: "place_id",
  facility: "place_id",
  closure: "closure_id",
  alert: "alert_id",
  command: "command_id",
};

export const KINDS = Object.keys(ID_FIELD) as Kind[];

export function idOf<K extends Kind>(kind: K, doc: Kinds[K]): string {
  return String(doc[ID_FIELD[kind]]);
}

type Tables = { [K in Kind]: Map<string, Kinds[K]> };
type Listener = (changed: ReadonlySet<Kind>) => void;

function emptyTables(): Tables {
  return Object.fromEntries(KINDS.map((kind) => [kind, new Map()])) as unknown as Tables;
}

/** The page's copy of what is known. An older version never replaces a newer one. */
export class Store {
  tables: Tables = emptyTables();
  /** How many documents were applied so far. */
  applied = 0;
  private changed = new Set<Kind>();
  private listeners = new Set<Listener>();
  private scheduled = false;

  constructor(private readonly schedule: (run: () => void) => void = defaultSchedule) {}

  all<K extends Kind>(kind: K): Kinds[K][] {
    return [...this.tables[kind].values()];
  }

  get<K extends Kind>(kind: K, id: string | null | undefined): Kinds[K] | undefined {
    return id ? this.tables[kind].get(id) : undefined;
  }

  /** Take one document in; false where the page already knows a newer one. */
  put<K extends Kind>(kind: K, doc: Kinds[K]): boolean {
    const table = this.tables[kind];
    const id = idOf(kind, doc);
    const known = table.get(id);
    if (known && known.version > doc.version) return false;
    table.set(id, doc);
    this.applied += 1;
    this.touch(kind);
    return true;
  }

  /** Drop what is no more; should it come again, its version begins anew. */
  remove<K extends Kind>(kind: K, id: string): void {
    if (this.tables[kind].delete(id)) this.touch(kind);
  }

  /** Take whole collections in place of what was known, as after a reset of the stack. */
  replace(collections: Partial<{ [K in Kind]: Kinds[K][] }>): void {
    for (const kind of Object.keys(collections) as Kind[]) {
      const docs = collections[kind] as Kinds[Kind][];
      const table = new Map(docs.map((doc) => [idOf(kind, doc as never), doc]));
      (this.tables as Record<Kind, Map<string, unknown>>)[kind] = table;
      this.applied += docs.length;
      this.touch(kind);
    }
  }

  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private touch(kind: Kind): void {
    this.changed.add(kind);
    if (this.scheduled) return;
    this.scheduled = true;
    this.schedule(() => {
      this.scheduled = false;
      const changed = this.changed;
      this.changed = new Set();
      for (const listener of this.listeners) listener(changed);
    });
  }
}

function defaultSchedule(run: () => void): void {
  // A hidden page gets no frames; its lists must not stand still for that.
  if (document.hidden) setTimeout(run, 500);
  else requestAnimationFrame(run);
}
