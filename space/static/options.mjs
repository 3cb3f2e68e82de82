// What a visitor wants of the tags: the fields under "Options", as the worker takes them.

const $ = (id) => document.getElementById(id);
const number = (id) => ($(id).value === "" ? undefined : Number($(id).value));

export const options = (limits) => ({
  allowed_list: $("allowed").value,
  prefer_list: $("preferred").value,
  max_tags: number("most"),
  threshold: number("least"),
  max_windows: $("whole").checked ? limits.windows : undefined,
});

// Shows the model's own numbers where a visitor gives none.
export function showDefaults({ max_tags, threshold }) {
  $("most").placeholder = max_tags;
  $("least").placeholder = threshold;
}

// A list of allowed tags that was dropped.
export function allowOnly(list) {
  $("allowed").value = list.trim();
  $("options").open = true;
}
