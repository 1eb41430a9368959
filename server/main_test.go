package server_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/storage"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := shared.close(); err != nil {
		slog.Error("close what the tests share", "error", err.Error())
		code = max(code, 1)
	}
	os.Exit(code)
}

// shared is what takes long to make and is the same for every test of a run: an empty installation, a browser, and what was measured in
// pictures that several tests send.
var shared sharing

type sharing struct {
	installing sync.Once
	installed  string
	installErr error

	browsing sync.Once
	browser  context.Context
	stop     []context.CancelFunc
	startErr error

	measured sync.Map // [sha256.Size]byte to filing.Measurements
}

func (s *sharing) close() error {
	for _, stop := range s.stop {
		stop()
	}
	if s.installed == "" {
		return nil
	}
	return os.RemoveAll(s.installed)
}

// install puts keys and a database with all its tables into a folder: making the tables takes longer than most tests.
func (s *sharing) install(tb testing.TB, dir string) {
	tb.Helper()
	s.installing.Do(func() { s.installed, s.installErr = emptyInstallation() })
	ok(tb, s.installErr)
	ok(tb, os.CopyFS(dir, os.DirFS(s.installed)))
}

func emptyInstallation() (string, error) {
	dir, err := os.MkdirTemp("", "preflight-server-test")
	if err != nil {
		return "", err
	}
	if _, err := storage.MakeKeyFile(filepath.Join(dir, "keys")); err != nil {
		return dir, err
	}
	keys, err := storage.OpenKeys("file:" + filepath.Join(dir, "keys"))
	if err != nil {
		return dir, err
	}
	records, err := storage.OpenRecords(context.Background(), "sqlite:"+filepath.Join(dir, "preflight.db"), storage.RecordsOptions{Logger: slog.New(slog.DiscardHandler), Keys: keys})
	if err != nil {
		return dir, err
	}
	return dir, errors.Join(records.Close(), filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "-wal") {
			return errors.New("the database was not closed: " + path)
		}
		return err
	}))
}

// window is a window of the one browser that tests share, with cookies of its own.
func (s *sharing) window(tb testing.TB) (context.Context, context.CancelFunc) {
	tb.Helper()
	s.browsing.Do(func() {
		ctx, stopProcess := chromedp.NewExecAllocator(context.Background(), browserOptions()...)
		browser, stopBrowser := chromedp.NewContext(ctx)
		s.browser, s.stop, s.startErr = browser, []context.CancelFunc{stopBrowser, stopProcess}, chromedp.Run(browser)
	})
	ok(tb, s.startErr)
	var profile cdp.BrowserContextID
	var tab target.ID
	ok(tb, chromedp.Run(s.browser, chromedp.ActionFunc(func(ctx context.Context) (err error) {
		ctx = cdp.WithExecutor(ctx, chromedp.FromContext(ctx).Browser)
		if profile, err = target.CreateBrowserContext().Do(ctx); err != nil {
			return err
		}
		tab, err = target.CreateTarget("about:blank").WithBrowserContextID(profile).WithNewWindow(true).Do(ctx)
		return err
	})))
	ctx, cancel := chromedp.NewContext(s.browser, chromedp.WithTargetID(tab))
	return ctx, func() {
		cancel()
		_ = chromedp.Run(s.browser, chromedp.ActionFunc(func(ctx context.Context) error {
			return target.DisposeBrowserContext(profile).Do(cdp.WithExecutor(ctx, chromedp.FromContext(ctx).Browser))
		}))
	}
}

func browserOptions(more ...chromedp.ExecAllocatorOption) []chromedp.ExecAllocatorOption {
	return append(append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU, chromedp.ExecPath("chromium")), more...)
}

// remembering is a measurer that measures each picture once in a run: it is a function of the bytes alone.
type remembering struct{ pipeline.Measurer }

func (r remembering) Analyze(ctx context.Context, data []byte) (filing.Measurements, error) {
	const probe = 1 << 10 // what is smaller is sent to see whether measuring works
	sum := sha256.Sum256(data)
	if m, known := shared.measured.Load(sum); known && len(data) > probe {
		return m.(filing.Measurements), nil
	}
	m, err := r.Measurer.Analyze(ctx, data)
	if err == nil {
		shared.measured.Store(sum, m)
	}
	return m, err
}
