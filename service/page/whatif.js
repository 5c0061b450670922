// For analysts: the forecast if the model were told another value of a feature.

import { get, post } from "./api.js";
import { make } from "./dom.js";
import { problemBox } from "./problems.js";
import { exact, t } from "./words.js";

const CHANGEABLE = /_lag_\d+$/; // the ids stay as they are

/** A closed box; what it needs is asked for when it is opened. */
export function whatIf(pair) {
  const body = make("div", { class: "answer" });
  let asked = false;
  const open = async () => {
    if (asked) return;
    asked = true;
    try {
      const { features } = await get("/v1/predict", { ...pair, features: true });
      body.replaceChildren(make("p", {}, t("whatif.means")), form(pair, features));
    } catch (error) {
      asked = false;
      body.replaceChildren(problemBox(error, open));
    }
  };
  return make("details", { class: "card", ontoggle: open },
    make("summary", {}, t("whatif.title")), body);
}

function form(pair, features) {
  const names = Object.keys(features).filter((name) => CHANGEABLE.test(name));
  const options = names.map((name) => make("option", { value: name }, name));
  const value = make("input", { id: "value", type: "number", step: "any", required: true });
  const name = make("select", { id: "feature", onchange: showValue }, options);
  const result = make("div", { role: "status" });
  function showValue() {
    value.value = features[name.value];
  }
  async function ask(event) {
    event?.preventDefault();
    try {
      const override = { [name.value]: Number(value.value) };
      const answer = await post("/v1/predict", { ...pair, override });
      result.replaceChildren(make("p", {}, sentence(answer)));
    } catch (error) {
      result.replaceChildren(problemBox(error, ask));
    }
  }
  showValue();
  return make("form", { class: "row", onsubmit: ask },
    make("div", {}, make("label", { for: "feature" }, t("whatif.feature")), name),
    make("div", {}, make("label", { for: "value" }, t("whatif.value")), value),
    make("button", {}, t("whatif.ask")),
    result);
}

function sentence({ override, prediction }) {
  return t("whatif.answer", {
    changed: exact(override.prediction),
    number: exact(prediction),
  });
}
