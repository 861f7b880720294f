"use strict";

// Swagger UI would fill in all examples and defaults, which together match nobody.
const leaveOptionalParametersEmpty = {
  wrapComponents: {
    parameterRow: (ParameterRow) =>
      class extends ParameterRow {
        constructor(props, context) {
          const isRequired = props.rawParam.get("required");
          // The constructor already fills the row in, through `onChange`.
          super(isRequired ? props : { ...props, onChange() {} }, context);
          if (!isRequired) this.setDefaultValue = () => {};
        }
      },
  },
};

SwaggerUIBundle({
  url: document.currentScript.dataset.schema,
  domNode: document.getElementById("document"),
  deepLinking: true,
  plugins: [leaveOptionalParametersEmpty],
  // Its badge would ask another host whether the document is valid.
  validatorUrl: null,
});
