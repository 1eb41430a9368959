package lint

import "strings"

// Module is the path of the product's module.
const Module = "github.com/preflight-icp/preflight"

// Room is a folder at the top of the project with all that is below it: one floor of the house.
type Room struct {
	// Path is the folder, relative to the module.
	Path string
	// Imports names the rooms that it may import besides itself.
	Imports []string
	// Why says why it may import no others; the linter prints it beside a wrong import.
	Why string
}

// Library is an import path, with all that is below it, that only some rooms may use.
type Library struct {
	// Path is the import path: a module, a package, or "C" for cgo.
	Path string
	// Rooms names the rooms that may import it. None: nobody may, and tests neither.
	Rooms []string
	// Why says why; the linter prints it beside a wrong import.
	Why string
}

// Rooms is the plan of the house, from the ground up: imports point down. Tests are free to reach further, to the
// specimens above all.
func Rooms() []Room {
	return []Room{
		{
			Path: "models",
			Why:  "which models there are, and that they are the right ones, is known before anything is read with them",
		},
		{
			Path: "filing",
			Why:  "filing is the ground: every room speaks in its nouns, so it may know none of them",
		},
		{
			Path: "webhook",
			Why:  "webhook sends what it is given to whom it is told, behind its guard: what a message says is decided above it",
		},
		{
			Path:    "rules",
			Imports: []string{"filing"},
			Why:     "rules turn facts into requirements and must hold for filings without a photo, so they know neither photos nor storage",
		},
		{
			Path:    "checks",
			Imports: []string{"filing"},
			Why:     "checks judge measurements and outcomes that are handed to them: pure functions, repeated for a million filings when a rule changes",
		},
		{
			Path:    "imaging",
			Imports: []string{"filing", "models"},
			Why:     "imaging measures and never judges: measurements are kept by content, so nothing that changes with a rule may flow into them",
		},
		{
			Path:    "storage",
			Imports: []string{"filing"},
			Why:     "storage keeps bytes and records; what they mean is decided above it",
		},
		{
			Path:    "templates",
			Imports: []string{"filing"},
			Why:     "templates render what they are given: a page that fetches by itself escapes the authorizer",
		},
		{
			Path:    "pipeline",
			Imports: []string{"filing", "rules", "checks", "imaging", "storage", "webhook"},
			Why:     "the pipeline is the same for the service, the workers and the command line, so it knows nothing of those that call it",
		},
		{
			Path: "server",
			// Of checks it takes the vocabulary's words, for forms and pages.
			Imports: []string{"filing", "checks", "pipeline", "storage", "templates"},
			Why:     "the server admits, limits and answers; decoding and judging belong to the pipeline, or the command line would decide otherwise",
		},
		{
			Path:    "cmd",
			Imports: []string{"models", "filing", "rules", "checks", "imaging", "storage", "templates", "webhook", "pipeline", "server"},
			Why:     "commands wire the product together; specimens are for tests and would carry fonts and drawing code into it",
		},
		{
			Path:    "specimen",
			Imports: []string{"filing"},
			Why:     "specimens are drawn without the code that will be judged by them, or a mistake would confirm itself",
		},
		{
			Path:    "accuracy",
			Imports: []string{"filing", "checks", "imaging", "models", "specimen"},
			Why:     "the harness measures the eyes as the product uses them and stands outside of it; nothing imports it",
		},
		{
			Path: "scripts",
			Why:  "the tools of the build have to work while the product does not compile",
		},
		{
			Path: "lint",
			Why:  "the linter has to work while the product does not compile",
		},
	}
}

// Libraries is what only some rooms may import, and what nobody may.
func Libraries() []Library {
	return []Library{
		{"C", []string{"imaging"}, "cgo stays in one room, where memory is handled with care and which can move into a process of its own"},
		{
			"github.com/h2non/bimg",
			[]string{"imaging"},
			"bimg is safe only inside the bounds that imaging keeps: no auto-rotation, loaders blocked, input kept alive",
		},
		{
			"github.com/disintegration/imaging",
			[]string{"imaging", "specimen"},
			"it panics in goroutines of its own on hostile input: only for small pictures that imaging decoded",
		},
		{
			"github.com/rwcarlsen/goexif",
			[]string{"imaging"},
			"120 bytes can make goexif allocate gigabytes: only for blocks whose directories imaging has walked and bounded",
		},
		{
			"github.com/yalue/onnxruntime_go",
			[]string{"imaging"},
			"ONNX Runtime is one for the process: imaging/onnx starts it once, bounds its threads and proves its models",
		},
		{"github.com/esimov/pigo", []string{"imaging"}, "pixels stay in imaging"},
		{"github.com/landlock-lsm/go-landlock", []string{"imaging"}, "what gives up rights does so for the whole process: only a worker process may"},
		{"github.com/elastic/go-seccomp-bpf", []string{"imaging"}, "what gives up rights does so for the whole process: only a worker process may"},
		{
			"image",
			[]string{"imaging", "specimen"},
			"pixels stay in imaging: everything above judges measurements, which can be kept, compared and explained",
		},
		{"golang.org/x/image", []string{"imaging", "specimen"}, "pixels stay in imaging: everything above judges measurements"},
		{"github.com/minio/minio-go/v7", []string{"storage"}, "objects are reached through storage's interface, so that a folder will do as well"},
		{"github.com/uptrace/bun", []string{"storage"}, "SQL stays in storage, which runs one conformance suite on both databases"},
		{"github.com/pressly/goose/v3", []string{"storage"}, "migrations belong to the records, in storage"},
		{"modernc.org/sqlite", []string{"storage"}, "drivers are opened in one place, where their settings for durability are"},
		{"github.com/jackc/pgx/v5", []string{"storage"}, "drivers are opened in one place, where their settings for durability are"},
		{"github.com/labstack/echo/v4", []string{"server"}, "HTTP stays in the server: the pipeline works for the command line too"},
		{"github.com/danielgtaylor/huma/v2", []string{"server"}, "HTTP stays in the server: the pipeline works for the command line too"},
		{"github.com/alecthomas/kong", []string{"cmd"}, "flags are read in one place; everything below is configured by values"},
		{"net/http", []string{"server", "storage", "webhook", "cmd"}, "what measures and judges does so without a network: same input, same answer, anywhere"},
		{"os/exec", []string{"imaging", "cmd", "scripts", "specimen", "accuracy"}, "only the worker process of imaging and the commands start processes"},
		{"github.com/stretchr/testify", nil, "tests compare with go-cmp and a few lines of their own: a failure should show the difference and stop where it says"},
		{"github.com/pkg/errors", nil, `fmt.Errorf with %w says the same in the standard library`},
		{"gopkg.in/yaml.v2", nil, "one YAML library, go.yaml.in/yaml/v3: it gives positions and refuses unknown keys"},
		{"gopkg.in/yaml.v3", nil, "one YAML library, go.yaml.in/yaml/v3: the maintained successor of this one"},
		{"github.com/johannesboyne/gofakes3", nil, "it corrupts multipart uploads and checks no credentials: tests start versitygw"},
	}
}

// grounds are the rooms whose whole tree of imports, and not only their own lines, must be free of cgo and of the
// network: they are pure functions that run anywhere.
func grounds() []string { return []string{"filing", "rules", "checks"} }

// within reports whether an import path is the given one or below it.
func within(path, top string) bool { return path == top || strings.HasPrefix(path, top+"/") }

// support reports whether a package helps tests and is no part of the product: its name ends in test, as in
// net/http/httptest. Only tests import it, and it may start servers and drive libraries that its room may not.
func support(pkg string) bool {
	return within(pkg, Module) && strings.HasSuffix(pkg, "test")
}

// roomOf returns the room that a package of the module is in, and whether there is one.
func roomOf(pkg string) (Room, bool) {
	for _, room := range Rooms() {
		if within(pkg, Module+"/"+room.Path) {
			return room, true
		}
	}
	return Room{}, false
}
