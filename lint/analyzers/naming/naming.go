// Package naming refuses packages whose name says nothing of what they are for: they grow into a heap that everything
// imports, and a reader who lists the folders learns nothing.
package naming

import (
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// New returns the analyzer.
func New() *analysis.Analyzer {
	return &analysis.Analyzer{
		Name: "naming",
		Doc:  "refuses packages named util, common, helpers, manager, base and the like",
		Run:  run,
	}
}

// Names that say nothing, whole or as an ending (imageutil, testhelpers).
func empty() []string {
	return []string{"util", "utils", "common", "helper", "helpers", "manager", "managers", "base", "misc", "shared", "tools"}
}

func run(pass *analysis.Pass) (any, error) {
	name := strings.TrimSuffix(pass.Pkg.Name(), "_test")
	for _, word := range empty() {
		if name == word || slices.Contains([]string{"util", "utils", "helper", "helpers"}, word) && strings.HasSuffix(name, word) {
			for _, file := range pass.Files {
				pass.Reportf(file.Name.Pos(), "package %s: name it for what it does, or move what it holds to where it is used", name)
			}
			break
		}
	}
	return nil, nil
}
