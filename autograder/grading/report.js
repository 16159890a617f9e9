// Sorts the table of submissions by any column, filters its rows, and opens what a link leads to.
// Without it the page is complete, in the order of students.

function makeSortable(table) {
  const rows = [...table.tBodies[0].rows];
  const headers = [...table.tHead.rows[0].cells];
  const byWords = new Intl.Collator(undefined, { numeric: true });

  // What a column is sorted by: a number where the cell names one, else its text; null where it has nothing.
  function keyOf(cell) {
    if (cell.dataset.sort === undefined) return cell.textContent.trim();
    return cell.dataset.sort === "" ? null : Number(cell.dataset.sort);
  }

  function sortBy(column, direction) {
    const keys = new Map(rows.map((row) => [row, keyOf(row.cells[column])]));
    const compare = (a, b) => (typeof a === "number" ? a - b : byWords.compare(a, b));
    rows.sort((one, other) => {
      const [a, b] = [keys.get(one), keys.get(other)];
      if (a === null || b === null) return (a === null) - (b === null);
      return direction * compare(a, b);
    });
    const body = table.tBodies[0];
    body.remove(); // what is not in the page is moved about faster
    body.append(...rows);
    table.append(body);
    for (const [place, header] of headers.entries()) {
      if (place === column) header.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
      else header.removeAttribute("aria-sort");
    }
  }

  for (const [column, header] of headers.entries()) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    button.addEventListener("click", () => sortBy(column, header.ariaSort === "ascending" ? -1 : 1));
    header.append(button);
  }
  return rows;
}

function makeFilter(rows, field, count) {
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/);
    let shown = 0;
    for (const [row, text] of texts) {
      row.hidden = !words.every((word) => text.includes(word));
      shown += !row.hidden;
    }
    count.textContent = `${shown} of ${rows.length} shown`;
  });
  field.closest("[hidden]").hidden = false;
}

// A browser opens what is closed when a link leads into it; older ones need to be told.
function openTarget() {
  const target = document.getElementById(location.hash.slice(1));
  const details = target?.closest("details");
  if (!details || details.open) return;
  details.open = true;
  target.scrollIntoView();
}

const table = document.getElementById("submissions");
if (table) makeFilter(makeSortable(table), document.getElementById("filter"), document.getElementById("shown"));
addEventListener("hashchange", openTarget);
openTarget();
