// Command preflight is the one binary of Preflight: the service, its workers and the command line.
//
// Exit status: 0 everything passes (review included, unless --strict), 1 something fails, 2 the call itself is wrong,
// 3 an internal failure.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	_ "time/tzdata" // --time-zone works in a container that has none

	"github.com/alecthomas/kong"
)

// Exit statuses of every command.
const (
	exitOK       = 0
	exitFails    = 1
	exitUsage    = 2
	exitInternal = 3
)

// version is set by the linker in a release; a plain go build shows the commit.
var version = ""

type commands struct {
	Config kong.ConfigFlag `help:"YAML file with settings; flags and environment go before it." placeholder:"FILE" env:"PREFLIGHT_CONFIG"`

	Serve       serveCommand       `cmd:"" help:"The service: API, pages, workers; embedded storage by default."`
	Work        workCommand        `cmd:"" help:"A worker process beside the service, on the same database and store."`
	Check       checkCommand       `cmd:"" help:"Check photos without a server."`
	Stitch      stitchCommand      `cmd:"" help:"One picture of several photos, below the size limit and as legible as it allows."`
	CheckFiling checkFilingCommand `cmd:"" help:"Check the filing in a folder: facts, photos, and whether they are all that is required."`
	Require     requireCommand     `cmd:"" help:"Facts to requirements: which materials a filing needs, and by which clause."`
	Revalidate  revalidateCommand  `cmd:"" help:"Judge stored filings again: by new rules, on another day, after a change of the analyzer."`
	Webhooks    webhooksCommand    `cmd:"" help:"Receivers that are told what a revalidation changes: add, list, rotate, resend."`
	Export      exportCommand      `cmd:"" help:"Copy all filings with their originals to a folder or a bucket: a backup, or a move."`
	Import      importCommand      `cmd:"" help:"Copy filings out of an export."`
	Migrate     migrateCommand     `cmd:"" help:"Bring the database to the newest schema, or say whether it is."`
	Fsck        fsckCommand        `cmd:"" help:"Verify every stored object by its checksum and its record, and repair what can be."`
	Letter      letterCommand      `cmd:"" help:"A letter to print, filled in from the facts: authorizations, plans, confirmations."`
	Jobs        jobsCommand        `cmd:"" help:"The queue: which files wait for their check; cancel a job, or have it tried again."`
	Rules       rulesCommand       `cmd:"" help:"The rule data: list, show, lint, test, coverage."`
	Keys        keysCommand        `cmd:"" help:"API keys: create, list, revoke; and the keys that encrypt: rotate."`
	Audit       auditCommand       `cmd:"" help:"Who saw or changed what: export, verify."`
	Token       tokenCommand       `cmd:"" help:"Make a token, and the line of the token file that admits it."`
	Healthcheck healthcheckCommand `cmd:"" help:"Ask a running service whether it is ready; for containers."`
	Version     versionCommand     `cmd:"" help:"Print the version."`
	Worker      pixelsCommand      `cmd:"" hidden:"" help:"A worker process that decodes pictures; the service starts it."`
}

// streams are where a command reads and writes: tests give their own.
type streams struct {
	in       io.Reader
	out, err io.Writer
	env      func(string) string
}

// failure is an error with the exit status that it asks for.
type failure struct {
	status int
	err    error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func usageError(format string, args ...any) error {
	return &failure{exitUsage, fmt.Errorf(format, args...)}
}

// errFails is returned by a command that worked and whose answer is no.
var errFails = &failure{exitFails, errors.New("something fails")}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	status := run(ctx, os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Getenv})
	stop()
	os.Exit(status)
}

// run parses the call and runs its command; it returns the exit status.
func run(ctx context.Context, args []string, std streams) int {
	var cmd commands
	exit := -1
	parser, err := kong.New(&cmd,
		kong.Name("preflight"),
		kong.Description("Checks photos of ICP-filing documents (备案资料) before they are sent: finds what is wrong, says what to do."),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}),
		kong.Configuration(loadConfig),
		kong.Writers(std.out, std.err),
		kong.Exit(func(code int) { exit = code }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(std),
		kong.Help(helpWithExample),
		kong.Vars{"version": buildVersion()},
	)
	if err != nil {
		_, _ = fmt.Fprintln(std.err, "preflight:", err)
		return exitInternal
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	kctx, err := parser.Parse(args)
	if exit >= 0 {
		return exit // --help has answered
	}
	if err != nil {
		_, _ = fmt.Fprintln(std.err, "preflight:", err)
		var parse *kong.ParseError
		if errors.As(err, &parse) && parse.Context != nil && parse.Context.Selected() != nil {
			_, _ = fmt.Fprintf(std.err, "See: preflight %s --help\n", parse.Context.Selected().Name)
		}
		return exitUsage
	}
	err = kctx.Run()
	if err == nil {
		return exitOK
	}
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{exitInternal, err}
	}
	if !errors.Is(err, errFails) {
		_, _ = fmt.Fprintln(std.err, "preflight:", err)
	}
	return f.status
}

// exampler is a command that has an example of its use.
type exampler interface{ Example() string }

// helpWithExample prints kong's help, then the command's example.
func helpWithExample(options kong.HelpOptions, ctx *kong.Context) error {
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
		return err
	}
	if node := ctx.Selected(); node != nil && node.Target.CanAddr() {
		if e, ok := node.Target.Addr().Interface().(exampler); ok {
			_, err := fmt.Fprintf(ctx.Stdout, "\nExample:\n%s", e.Example())
			return err
		}
	}
	return nil
}

func buildVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "dev-" + s.Value[:12]
		}
	}
	return "dev"
}

type versionCommand struct{}

func (versionCommand) Run(std streams) error {
	_, err := fmt.Fprintln(std.out, "preflight", buildVersion())
	return err
}

func (versionCommand) Example() string { return "  preflight version\n" }
