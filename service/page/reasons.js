// Why a forecast is what it is: its strongest reasons as bars, in people's words.

import { make } from "./dom.js";
import { table } from "./table.js";
import { number, t } from "./words.js";

const SHOWN = 5;

/** A figure of an answer's `explain`: {bias, link, groups}. */
export function reasonsFigure({ bias, link, groups }) {
  const reasons = Object.entries(groups).map(([name, group]) => ({ name, ...group }));
  const strength = (reason) => Math.abs(reason.contribution);
  reasons.sort((a, b) => strength(b) - strength(a));
  const most = strength(reasons[0]) || 1;
  const columns = [
    { key: "name", label: t("reason"), cell: ({ name }) => t(`reason.${name}`) },
    {
      key: "swing",
      label: t("reason.effect"),
      number: true,
      cell: (reason) => make("span", { class: "barred" },
        swing(reason.contribution / most), make("span", {}, effect(reason))),
    },
  ];
  const multiplies = link === "exp";
  const start = number(multiplies ? Math.exp(bias) : bias, 2);
  return make("figure", { class: "reasons" },
    make("figcaption", {}, t("reasons.title")),
    make("p", { class: "quiet" }, t(multiplies ? "reasons.multiply" : "reasons.add", { start })),
    table({ caption: t("reasons.title"), columns, rows: reasons.slice(0, SHOWN) }));
}

function effect({ contribution, factor }) {
  if (factor !== null) return `× ${number(factor, 2, 2)}`;
  return `${contribution < 0 ? "−" : "+"} ${number(Math.abs(contribution), 2, 2)}`;
}

/** A bar to the left or right of the middle, for -1 to 1: only for the eye. */
function swing(share) {
  const inner = make("span", { class: share < 0 ? "down" : "up" });
  inner.style.width = `${Math.abs(share) * 50}%`;
  return make("span", { class: "swing", "aria-hidden": "true" }, inner);
}
