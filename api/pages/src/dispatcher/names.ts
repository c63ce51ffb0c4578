// Name things as people do, in place of their ids.

import { shownPlate } from "../data/plate";
import type { Store } from "../data/store";
import type { Lot } from "../data/types";
import { word } from "../words";
import { weight } from "../words/format";
import type { Names } from "../words/sentences";

export function namesOf(store: Store): Names {
  const names: Names = {
    truck(id) {
      const plate = store.get("truck", id)?.plate ?? (id.startsWith("plate:") ? id.slice(6) : null);
      return plate ? shownPlate(plate) : id;
    },
    place(id) {
      return store.get("facility", id)?.name ?? store.get("checkpoint", id)?.name ?? id;
    },
    lot(id) {
      const lot = store.get("lot", id);
      return lot ? lotName(lot) : id;
    },
    thing(id) {
      if (store.get("lot", id)) return names.lot(id);
      return store.get("truck", id) || id.startsWith("plate:") ? names.truck(id) : names.place(id);
    },
  };
  return names;
}

/** `Tôm sú · 3,5 tấn · Năm Căn`. */
export function lotName(lot: Lot): string {
  return `${word("product", lot.product)} · ${weight(lot.quantity_kg)} · ${lot.pickup.name}`;
}

/** Text without accents and case, so that `ca mau` finds Cà Mau. */
export function plain(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .replaceAll("đ", "d")
    .replaceAll("Đ", "D")
    .toLowerCase();
}
