"use strict";

SwaggerUIBundle({
  url: document.currentScript.dataset.schema,
  domNode: document.getElementById("document"),
  deepLinking: true,
  // Its badge would ask another host whether the document is valid.
  validatorUrl: null,
});
