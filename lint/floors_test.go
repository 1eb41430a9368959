package lint

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pkg is what `go list -json` says of a package, as far as the floors need it.
type pkg struct {
	ImportPath   string
	Standard     bool
	CgoFiles     []string
	Imports      []string
	TestImports  []string
	XTestImports []string
	Doc          string
	Name         string
}

func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	for _, p := range goList(t, "./...") {
		for _, wrong := range wrongImports(p) {
			t.Error(wrong)
		}
	}
}

// The image is built from what .dockerignore lets in: a room that it does not know builds everywhere but there.
func TestTheImageGetsAllThatTheProgramIsBuiltFrom(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(top(t), ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	let := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if room, ok := strings.CutPrefix(strings.TrimSpace(line), "!"); ok {
			let[room] = true
		}
	}
	for _, p := range goList(t, "-deps", "./cmd/preflight") {
		if room, ok := strings.CutPrefix(p.ImportPath, Module+"/"); ok {
			if room, _, _ = strings.Cut(room, "/"); !let[room] {
				t.Errorf(".dockerignore does not let in %s, which %s is in", room, p.ImportPath)
			}
		}
	}
}

// harmless are libraries that import what the ground floors may not reach, for a type and not for its use.
var harmless = map[string]string{
	"golang.org/x/net/publicsuffix": "a table of suffixes; it names net/http/cookiejar to fit its interface, and opens nothing",
}

func TestGroundFloorsReachNeitherCgoNorTheNetwork(t *testing.T) {
	t.Parallel()
	for _, room := range grounds() {
		direct := map[string]bool{}
		for _, p := range goList(t, "./"+room+"/...") {
			for _, imported := range p.Imports {
				if harmless[imported] == "" && !within(imported, Module+"/"+room) {
					direct[imported] = true
				}
			}
		}
		for _, p := range goList(t, append([]string{"-deps"}, slices.Sorted(maps.Keys(direct))...)...) {
			if harmless[p.ImportPath] != "" {
				continue
			}
			if !p.Standard && len(p.CgoFiles) > 0 {
				t.Errorf("%s: reaches %s, which is compiled with cgo: judging has to run anywhere", room, p.ImportPath)
			}
			if within(p.ImportPath, "net/http") && !within(p.ImportPath, "net/http/internal") || p.ImportPath == "database/sql" {
				t.Errorf("%s: reaches %s: judging takes what it is handed and asks nobody", room, p.ImportPath)
			}
		}
	}
}

// The rules are tried on packages that break them, so that a rule that no longer bites is noticed.
func TestFloorsRefuse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		pkg  pkg
		want string
	}{
		{"rules that know a photo", product("rules/data", Module+"/imaging"), "rules may not import imaging"},
		{"checks that know their caller", product("checks", Module+"/pipeline"), "checks may not import pipeline"},
		{"checks that touch a pixel", product("checks", "image/jpeg"), "checks may not import image/jpeg"},
		{"checks compiled with cgo", product("checks", "C"), "checks may not import C"},
		{"imaging that knows a rule", product("imaging/layouts", Module+"/rules"), "imaging may not import rules"},
		{"a pipeline that speaks HTTP", product("pipeline", "net/http"), "pipeline may not import net/http"},
		{"a server that decodes", product("server", Module+"/imaging"), "server may not import imaging"},
		{"a page that reaches storage", product("templates", Module+"/storage"), "templates may not import storage"},
		{"a product that draws specimens", product("cmd/preflight", Module+"/specimen"), "cmd may not import specimen"},
		{"a room that nobody planned", product("util", "fmt"), "is in no room"},
		{"a test with testify", pkg{ImportPath: Module + "/rules", TestImports: []string{"github.com/stretchr/testify/assert"}}, "may not import github.com/stretchr"},
		{"a product that imports what helps tests", product("storage", Module+"/storage/storagetest"), "only tests may import"},
		{"what helps tests and starts a server", product("storage/storagetest", "os/exec", "net/http", Module+"/storage"), ""},
		{"what helps tests and knows too much", product("storage/storagetest", Module+"/pipeline"), "storage may not import pipeline"},
		{"what one may", product("pipeline", "context", Module+"/imaging", Module+"/filing", Module+"/pipeline/jobs"), ""},
		{"a test with a specimen", pkg{ImportPath: Module + "/imaging", XTestImports: []string{Module + "/specimen"}}, ""},
		{"a name that only begins alike", product("checks", "imagery.example/x"), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := strings.Join(wrongImports(tt.pkg), "\n")
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestEveryRoomStandsAboveWhatItImports(t *testing.T) {
	t.Parallel()
	below := map[string]bool{}
	for _, room := range Rooms() {
		for _, lower := range room.Imports {
			if !below[lower] {
				t.Errorf("%s imports %s, which is not below it in the plan", room.Path, lower)
			}
		}
		below[room.Path] = true
	}
	for _, library := range Libraries() {
		for _, room := range library.Rooms {
			if !below[room] {
				t.Errorf("library %s: %s is no room", library.Path, room)
			}
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	t.Parallel()
	for _, p := range goList(t, "./...") {
		// go list's Doc is the first sentence of the package comment.
		if !strings.HasPrefix(p.Doc, "Package "+p.Name+" ") && !strings.HasPrefix(p.Doc, "Command ") {
			t.Errorf("%s: the package comment has to begin with \"Package %s ...\" or \"Command ...\", and is %q", p.ImportPath, p.Name, p.Doc)
		}
	}
}

// wrongImports says what is wrong with a package's imports, one sentence each.
func wrongImports(p pkg) []string {
	room, ok := roomOf(p.ImportPath)
	if !ok {
		return []string{fmt.Sprintf("%s is in no room: say in lint/floors.go what it is for and what it may import", p.ImportPath)}
	}
	var wrong []string
	for _, path := range p.Imports {
		if target, ours := roomOf(path); ours && target.Path != room.Path && !slices.Contains(room.Imports, target.Path) {
			wrong = append(wrong, fmt.Sprintf("%s: %s may not import %s: %s", p.ImportPath, room.Path, target.Path, room.Why))
		}
		if support(path) && !support(p.ImportPath) {
			wrong = append(wrong, fmt.Sprintf("%s: only tests may import %s", p.ImportPath, path))
		}
		for _, library := range Libraries() {
			if support(p.ImportPath) && len(library.Rooms) > 0 {
				continue
			}
			if within(path, library.Path) && !slices.Contains(library.Rooms, room.Path) {
				wrong = append(wrong, fmt.Sprintf("%s: %s may not import %s: %s", p.ImportPath, room.Path, path, library.Why))
			}
		}
	}
	for _, path := range slices.Concat(p.TestImports, p.XTestImports) {
		for _, library := range Libraries() {
			if within(path, library.Path) && len(library.Rooms) == 0 {
				wrong = append(wrong, fmt.Sprintf("%s: a test may not import %s: %s", p.ImportPath, path, library.Why))
			}
		}
	}
	return wrong
}

// product is a package of the product with the given imports.
func product(path string, imports ...string) pkg {
	return pkg{ImportPath: Module + "/" + path, Imports: imports}
}

// goList asks the go command about packages of the module, with cgo on, as the product is built.
func goList(t *testing.T, args ...string) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-e", "-json=ImportPath,Standard,CgoFiles,Imports,TestImports,XTestImports,Doc,Name"}, args...)...)
	cmd.Dir = top(t)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %v: %v", args, err)
	}
	var pkgs []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("go list %v: %v", args, err)
		}
		pkgs = append(pkgs, p)
	}
	if len(pkgs) == 0 {
		t.Fatalf("go list %v: no package", args)
	}
	return pkgs
}

// top is the folder of the module.
func top(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
