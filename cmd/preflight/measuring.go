package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/checks/document"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/imaging/worker"
	"github.com/preflight-icp/preflight/models"
)

// measuringFlags are the settings of everything that measures and reads photos, with or without a server.
type measuringFlags struct {
	MaxPixels int64  `help:"Largest picture that is decoded, in pixels." default:"64000000" env:"PREFLIGHT_MAX_PIXELS" placeholder:"N"`
	Models    string `help:"Folder of the models. Default: models beside the program." env:"PREFLIGHT_MODELS" placeholder:"DIR"`
	Runtime   string `name:"onnx-runtime" help:"ONNX Runtime to load, 1.24 or later, instead of the one in the folder of models." env:"PREFLIGHT_ONNX_RUNTIME" placeholder:"FILE"`

	Reading  string `help:"on or off: whether the text in photos is read, and judged. Where it is on and the models are missing, a person is asked for." default:"on" enum:"on,off" env:"PREFLIGHT_READING" placeholder:"on|off"`
	Reads    int    `help:"Photos read at once; each takes a core, and about 100 MB while it is read." default:"2" env:"PREFLIGHT_READS" placeholder:"N"`
	ReadSide int    `help:"Long side in pixels that a page keeps when a large photo is read. Another value reads everything anew." default:"2400" env:"PREFLIGHT_READ_SIDE" placeholder:"PIXELS"`
}

func (f *measuringFlags) imaging() imaging.Options {
	return imaging.Options{
		MaxPixels: f.MaxPixels, Models: cmp.Or(f.Models, models.Beside()), Runtime: f.Runtime,
		WithoutReading: f.Reading == "off", Reads: f.Reads, ReadSide: f.ReadSide,
	}
}

// analyzer measures in this process: for the command line, whose files are its user's own.
func (f *measuringFlags) analyzer() (*imaging.Analyzer, error) { return imaging.New(f.imaging()) }

// isolationFlags bound the worker processes that the service keeps pixels in.
type isolationFlags struct {
	WorkerMemory       int64         `help:"Resident memory of a worker process in bytes, beyond which it is killed and its photo given up." default:"1073741824" env:"PREFLIGHT_WORKER_MEMORY" placeholder:"BYTES"`
	WorkerAddressSpace int64         `help:"Address space that a worker process may take beyond what it starts with, in bytes; 0 is no bound." default:"2147483648" env:"PREFLIGHT_WORKER_ADDRESS_SPACE" placeholder:"BYTES"`
	WorkerCPU          time.Duration `name:"worker-cpu" help:"Processor time of one photo, beyond which its worker process is killed." default:"60s" env:"PREFLIGHT_WORKER_CPU" placeholder:"TIME"`
	WorkerAttempts     int           `help:"How often a photo is tried whose worker process dies." default:"2" env:"PREFLIGHT_WORKER_ATTEMPTS" placeholder:"N"`
	WorkerRecycle      int           `help:"Photos after which a worker process is replaced." default:"1000" env:"PREFLIGHT_WORKER_RECYCLE" placeholder:"N"`
	WorkerRecycleAt    int64         `help:"Resident memory in bytes beyond which a worker process is replaced between two photos." default:"536870912" env:"PREFLIGHT_WORKER_RECYCLE_AT" placeholder:"BYTES"`
	WorkerNice         int           `help:"How far worker processes give way to the service and to others, 0 to 19; 0 is not at all." default:"19" env:"PREFLIGHT_WORKER_NICE" placeholder:"N"`
}

func (f *isolationFlags) limits() worker.Limits {
	limits := worker.DefaultLimits()
	limits.Memory, limits.AddressSpace, limits.CPU = f.WorkerMemory, f.WorkerAddressSpace, f.WorkerCPU
	limits.Attempts, limits.Recycle, limits.RecycleMemory = f.WorkerAttempts, f.WorkerRecycle, f.WorkerRecycleAt
	limits.Niceness = f.WorkerNice
	return limits
}

// pool starts the worker processes, each of which is this program.
func (f *serviceFlags) pool(ctx context.Context, workers int, log *slog.Logger, metrics prometheus.Registerer) (*worker.Pool, error) {
	return worker.Open(ctx, worker.Options{Imaging: f.imaging(), Limits: f.limits(), Workers: workers, Readers: f.Reads, Log: log, Metrics: metrics})
}

// pixelsCommand is a worker process: hidden, since only the service can start one.
type pixelsCommand struct{}

// Run answers the service until it is gone.
func (pixelsCommand) Run() error {
	if err := worker.Main(); err != nil {
		return fmt.Errorf("worker process: %w", err)
	}
	return nil
}

// unread is how files are judged whose text cannot be read.
func (f *measuringFlags) unread() checks.ReadingState {
	if f.Reading == "off" {
		return checks.ReadingOff
	}
	return checks.ReadingMissing
}

var (
	errReadingOff = errors.New("reading is switched off (--reading off): kinds, names, numbers and terms are not checked")
	errNoReader   = errors.New("no models to read text with: kinds, names, numbers and terms are not checked, people have to look")
)

// withoutReading says why no text is read, nil where a reader of that version reads.
func (f *measuringFlags) withoutReading(reader string) error {
	switch {
	case reader != "":
		return nil
	case f.Reading == "off":
		return errReadingOff
	default:
		return errNoReader
	}
}

// readFile reads a file that was measured, where something in it is to be read.
func (j *checkJob) readFile(ctx context.Context, data []byte, declared filing.Declared, m *filing.Measurements, in *checks.FileInput) error {
	switch {
	case !checks.Reads(declared):
		return nil
	case j.analyzer.ReaderVersion() == "":
		in.Reading = j.unread
		return nil
	case m.Decode == nil || !m.Decode.Complete:
		return nil
	}
	r, err := j.analyzer.Read(ctx, data, m)
	if err != nil {
		return err
	}
	content := document.InPhoto(r, m)
	in.Reading, in.Content = checks.ReadingDone, &content
	return nil
}
