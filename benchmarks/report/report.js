"use strict";

// What is long is compressed: Vega, what it draws, the rows of long tables, and the files.
const packed = JSON.parse(document.getElementById("packed").textContent);

function unpacked(name) {
  const bytes = Uint8Array.from(atob(packed[name]), (character) => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")));
}

// Tables: sorted by the button in a heading, filtered by the words of an input.
function sortKey(cell) {
  const key = cell.dataset.key ?? cell.textContent.trim();
  return key === "–" ? null : isNaN(key) || key === "" ? key.toLowerCase() : Number(key);
}

function compared(left, right) {
  return typeof left === "number" && typeof right === "number" ? left - right : String(left).localeCompare(right);
}

function sort(table, heading) {
  const column = heading.cellIndex;
  const descending = heading.getAttribute("aria-sort") === "ascending";
  const rows = [...table.tBodies[0].rows].map((row) => [sortKey(row.cells[column]), row]);
  rows.sort(([left], [right]) => {
    // What is absent comes last, in either order.
    if (left === null || right === null) return (left === null) - (right === null);
    return descending ? compared(right, left) : compared(left, right);
  });
  for (const each of heading.parentElement.cells) each.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
  table.tBodies[0].append(...rows.map(([, row]) => row));
}

function filter(table, words, output) {
  const rows = [...table.tBodies[0].rows];
  let shown = 0;
  for (const row of rows) {
    row.text ??= row.textContent.toLowerCase();
    row.hidden = !words.every((word) => row.text.includes(word));
    shown += !row.hidden;
  }
  const all = `${rows.length.toLocaleString("en")} row${rows.length === 1 ? "" : "s"}`;
  output.textContent = shown === rows.length ? all : `${shown.toLocaleString("en")} of ${all}`;
}

for (const block of document.querySelectorAll(".table")) {
  const table = block.querySelector("table");
  for (const heading of table.tHead.rows[0].cells) {
    heading.querySelector("button")?.addEventListener("click", () => sort(table, heading));
  }
  const [input, output] = [block.querySelector("input"), block.querySelector("output")];
  input.addEventListener("input", () => filter(table, input.value.toLowerCase().split(/\s+/), output));
}

// Commands to copy, files to keep.
function say(text) {
  document.getElementById("said").textContent = text;
  setTimeout(() => (document.getElementById("said").textContent = ""), 2000);
}

document.addEventListener("click", async ({ target }) => {
  if (target.matches(".copy")) {
    const code = target.parentElement.querySelector("code");
    getSelection().selectAllChildren(code);
    try {
      await navigator.clipboard.writeText(code.textContent);
      say("Copied");
    } catch {
      say("Selected: copy it with the keyboard");
    }
  } else if (target.dataset.file) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await unpacked(target.dataset.file).blob());
    link.download = target.dataset.file;
    link.click();
    URL.revokeObjectURL(link.href);
  }
});

// Plots: their colours are those of the page, and follow when it turns dark.
const dark = matchMedia("(prefers-color-scheme: dark)");

function configuration() {
  const style = getComputedStyle(document.documentElement);
  const [ink, quiet, line] = ["--ink", "--quiet", "--line"].map((name) => style.getPropertyValue(name));
  const category = [1, 2, 3, 4, 5, 6, 7].map((number) => style.getPropertyValue(`--colour-${number}`));
  const font = style.fontFamily;
  return {
    background: "transparent", font, view: { stroke: null }, range: { category },
    axis: {
      labelColor: quiet, titleColor: quiet, gridColor: line, domainColor: line, tickColor: line,
      labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal", titlePadding: 8, labelLimit: 150,
    },
    legend: { labelColor: ink, labelFontSize: 12, labelLimit: 220, symbolSize: 70, columnPadding: 16 },
    rule: { color: quiet },
  };
}

function byRow(columns) {
  const fields = Object.keys(columns);
  return columns[fields[0]].map((_, row) => Object.fromEntries(fields.map((field) => [field, columns[field][row]])));
}

async function draw(identifier, specification, datasets) {
  const figure = document.getElementById(identifier);
  const select = figure.querySelector("select");
  const description = figure.querySelector("h3").textContent;
  const params = select ? [{ ...specification.params[0], value: select.value }] : specification.params;
  const whole = { ...specification, datasets, description, params, config: configuration() };
  const options = { actions: false, renderer: "svg", mode: "vega-lite", tooltip: { theme: dark.matches ? "dark" : "light" } };
  const { view } = await vegaEmbed(figure.querySelector(".plot"), whole, options);
  if (select) select.onchange = () => view.signal("choice", select.value).runAsync();
}

async function drawAll() {
  const vega = document.createElement("script");
  vega.textContent = await unpacked("vega").text();
  document.head.append(vega);
  const { data, specifications } = await unpacked("drawings").json();
  const datasets = Object.fromEntries(Object.entries(data).map(([name, columns]) => [name, byRow(columns)]));
  const again = () => Object.entries(specifications).forEach(([name, each]) => draw(name, each, datasets));
  dark.addEventListener("change", again);
  again();
}

for (const body of document.querySelectorAll("[data-packed]")) {
  unpacked(body.dataset.packed).text().then((rows) => (body.innerHTML = rows));
}
if (packed.vega) drawAll();
