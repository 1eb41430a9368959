package filing

import "embed"

// Contract holds the project's own copy of the public contract: vocabulary.yaml (facts, materials, blockers, notices,
// clause ids), findings.yaml (the catalogue of findings) and README.md (outputs of the command line and the API).
//
//go:embed contract
var Contract embed.FS
