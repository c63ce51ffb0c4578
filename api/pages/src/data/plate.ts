// Read number plates forgivingly, as `schemas.truck.normal_plate` does.

/** Upper case without punctuation: `68c-123.45` is `68C12345`. */
export function normalPlate(text: string): string {
  return text.toUpperCase().replaceAll("Đ", "D").replace(/[^A-Z0-9]/g, "");
}

/** Write a plate as it stands on the vehicle where its form is the usual one. */
export function shownPlate(text: string): string {
  const plate = normalPlate(text);
  const usual = /^(\d{2}[A-Z]{1,2})(\d{3})(\d{2})$/.exec(plate);
  if (usual) return `${usual[1]}-${usual[2]}.${usual[3]}`;
  const older = /^(\d{2}[A-Z]{1,2})(\d{4})$/.exec(plate);
  return older ? `${older[1]}-${older[2]}` : text.trim().toUpperCase();
}

/** Whether a text is long enough to be recorded as a plate; a whole one where it may be the start of others. */
export function isPlate(text: string, maybeMore = false): boolean {
  return normalPlate(text).length >= (maybeMore ? 6 : 3);
}

interface Plated {
  plate: string | null;
}

/** Vehicles that a typed text may mean: exact first, then those that contain it; at most `most`. */
export function findByPlate<T extends Plated>(vehicles: Iterable<T>, typed: string, most = 8): T[] {
  const wanted = normalPlate(typed);
  if (wanted.length < 2) return [];
  const ranked: { rank: number; vehicle: T }[] = [];
  for (const vehicle of vehicles) {
    const plate = normalPlate(vehicle.plate ?? "");
    const at = plate.indexOf(wanted);
    if (at < 0) continue;
    const rank = plate === wanted ? 0 : at + wanted.length === plate.length ? 1 : at === 0 ? 2 : 3;
    ranked.push({ rank, vehicle });
  }
  ranked.sort(
    (a, b) => a.rank - b.rank || (a.vehicle.plate ?? "").localeCompare(b.vehicle.plate ?? ""),
  );
  return ranked.slice(0, most).map((found) => found.vehicle);
}
