package lint

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the floors into .golangci.yml")

// The part of .golangci.yml between these lines is made from floors.go.
const (
	floorsBegin = "        # floors: from lint/floors.go, written by go test ./lint -run GolangciConfiguration -update\n"
	floorsEnd   = "        # end of the floors\n"
)

func TestGolangciConfigurationHasTheFloors(t *testing.T) {
	t.Parallel()
	file := filepath.Join(top(t), ".golangci.yml")
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := bytes.Cut(before, []byte(floorsBegin))
	_, tail, ok2 := bytes.Cut(rest, []byte(floorsEnd))
	if !ok || !ok2 {
		t.Fatalf("%s has lost the lines between which the floors stand:\n%s%s", file, floorsBegin, floorsEnd)
	}
	after := slices.Concat(head, []byte(floorsBegin), []byte(depguardRules()), []byte(floorsEnd), tail)
	if bytes.Equal(before, after) {
		return
	}
	if !*update {
		t.Fatal(".golangci.yml and lint/floors.go differ; to carry the floors over: go test ./lint -run GolangciConfiguration -update")
	}
	if err := os.WriteFile(file, after, 0o600); err != nil {
		t.Fatal(err)
	}
}

// depguardRules is the plan of the house in depguard's terms: one rule for each room, and one for what nobody may. Tests,
// and packages that help them, are left to floors_test.go.
func depguardRules() string {
	var b strings.Builder
	deny := func(path, why string) { fmt.Fprintf(&b, "            - pkg: %q\n              desc: %q\n", path, why) }
	for _, room := range Rooms() {
		fmt.Fprintf(&b, "        %s:\n          files: [\"${base-path}/%s/**\", \"!$test\", \"!${base-path}/**/*test/**\"]\n          deny:\n", room.Path, room.Path)
		for _, other := range Rooms() {
			if other.Path != room.Path && !slices.Contains(room.Imports, other.Path) {
				deny(Module+"/"+other.Path, room.Why)
			}
		}
		for _, library := range Libraries() {
			if len(library.Rooms) > 0 && !slices.Contains(library.Rooms, room.Path) {
				deny(library.Path, library.Why)
			}
		}
	}
	fmt.Fprintf(&b, "        nobody:\n          deny:\n")
	for _, library := range Libraries() {
		if len(library.Rooms) == 0 {
			deny(library.Path, library.Why)
		}
	}
	return b.String()
}
