"use strict";

// Runs before ReDoc, which has to be held to the Content-Security-Policy of the page.
{
  const { dataset, nonce } = document.currentScript;

  const createElement = document.createElement;
  document.createElement = (name, options) => {
    // The one image that ReDoc makes is a logo on another host. As a span it loads nothing.
    const element = createElement.call(document, name === "img" ? "span" : name, options);
    // ReDoc's option `nonce` comes too late for the style that it makes while it loads.
    if (name === "style") element.nonce = nonce;
    return element;
  };

  const fontFamily = "system-ui, sans-serif";
  const theme = { typography: { fontFamily, headings: { fontFamily } } };
  document.addEventListener("DOMContentLoaded", () => {
    Redoc.init(dataset.schema, { theme }, document.getElementById("document"));
  });
}
