"use strict";
// What the page must hold, found out inside a browser; see report_html.sh. Runs behind the page's own script.
const found = [];
const fault = (text) => faults.push(text);

const seen = (element) => {
  const box = element.getBoundingClientRect();
  return box.width > 0 && box.height > 0 && getComputedStyle(element).visibility === "visible";
};

// Each figure: one of its drawings is seen, is of some size, and shows data besides its frame.
let figures = 0;
for (const figure of document.querySelectorAll("figure")) {
  const drawings = [...figure.querySelectorAll("svg.plot")].filter(seen);
  const name = figure.id;
  if (drawings.length !== 1) {
    fault(`${name}: ${drawings.length} drawings are seen`);
    continue;
  }
  const box = drawings[0].getBoundingClientRect();
  if (box.width < 300 || box.height < 120) fault(`${name} is ${box.width} x ${box.height}`);
  const marks = [...drawings[0].querySelectorAll("path, polygon, rect, circle")].filter((mark) => {
    const style = getComputedStyle(mark), b = mark.getBoundingClientRect();
    return b.width + b.height > 2 && (style.fill !== "none" || style.stroke !== "none");
  });
  if (marks.length < 5) fault(`${name} shows ${marks.length} marks`);
  if (!figure.querySelector("figcaption").textContent.trim()) fault(`${name} has no caption`);
  const texts = [...drawings[0].querySelectorAll("text")];
  for (const text of texts) {
    const b = text.getBoundingClientRect();
    if (b.left < box.left - 2 || b.right > box.right + 2 || b.top < box.top - 2 || b.bottom > box.bottom + 2)
      fault(`${name}: '${text.textContent.trim()}' is cut off`);
  }
  figures++;
}
found.push(`figures: ${figures} seen`);

// Each column sorts upwards, then downwards; no row is lost.
let columns = 0;
for (const table of document.querySelectorAll("table.sortable")) {
  const rows = table.tBodies[0].rows.length;
  [...table.tHead.rows[0].cells].forEach((head, i) => {
    for (const direction of ["ascending", "descending"]) {
      head.querySelector("button").click();
      if (head.getAttribute("aria-sort") !== direction) fault(`column ${head.textContent} says not ${direction}`);
      const values = [...table.tBodies[0].rows].map((row) => row.cells[i].dataset.v ?? row.cells[i].textContent);
      if (values.length !== rows) fault(`${table.caption.textContent}: ${values.length} of ${rows} rows`);
      for (let k = 1; k < values.length; k++) {
        const a = values[k - 1], b = values[k];
        const numbers = a !== "" && b !== "" && !isNaN(a) && !isNaN(b);
        const step = numbers ? Number(b) - Number(a) : b.localeCompare(a, "en", { numeric: true });
        const mixed = isNaN(a) !== isNaN(b);
        if (!mixed && (direction === "ascending" ? step < 0 : step > 0))
          fault(`${table.caption.textContent}: ${a} before ${b}, ${direction}`);
      }
    }
    columns++;
  });
}
found.push(`tables: ${columns} columns sorted`);

// Links inside the page lead somewhere; ids are unique.
let links = 0;
for (const link of document.querySelectorAll("a[href^='#']")) {
  if (!document.getElementById(link.getAttribute("href").slice(1))) fault(`${link.href} leads nowhere`);
  if (!link.textContent.trim()) fault(`${link.href} has no text`);
  links++;
}
const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) fault(`two elements are #${id}`);
if (document.querySelectorAll("#contents a").length !== document.querySelectorAll("main > section").length)
  fault("the contents do not name every section");
found.push(`links: ${links}`);

// Nothing is wider than the window but what scrolls by itself.
const over = document.documentElement.scrollWidth - innerWidth;
if (over > 0) fault(`the page is ${over} pixels wider than the window`);
found.push(`width: ${innerWidth}`);

// Text against what is behind it: WCAG 2.1, 1.4.3, a ratio of 4.5.
const parse = (colour) => (colour.match(/[\d.]+/g) || []).map(Number);
const luminance = ([r, g, b]) => {
  const [x, y, z] = [r, g, b].map((c) => ((c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
const behind = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = parse(getComputedStyle(at).backgroundColor);
    if (colour.length === 3 || colour[3] > 0) return colour;
  }
  return [255, 255, 255];
};
const low = new Set();
for (const element of document.querySelectorAll("h1,h2,h3,p,dt,dd,th span,td,caption,figcaption,li,summary,a,code,text")) {
  if (!element.textContent.trim()) continue;
  const style = getComputedStyle(element);
  const colour = parse(element.tagName === "text" ? style.fill : style.color);
  const [a, b] = [luminance(colour), luminance(behind(element))].sort((x, y) => y - x);
  const ratio = (a + 0.05) / (b + 0.05);
  if (ratio < 4.5) low.add(`${element.tagName} ${element.className.baseVal ?? element.className} has a contrast of ${ratio.toFixed(2)}`);
}
low.forEach(fault);
found.push(`scheme: ${matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"}`);

const findings = document.createElement("pre");
findings.id = "findings";
findings.textContent = "\n" + found.concat(faults.map((text) => "FAULT " + text.replace(/\n/g, " "))).join("\n") + "\n";
document.body.append(findings);
