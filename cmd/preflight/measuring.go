package main

import (
	"cmp"

	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/models"
)

// measuringFlags are the settings of everything that measures photos, with or without a server.
type measuringFlags struct {
	MaxPixels int64  `help:"Largest picture that is decoded, in pixels." default:"64000000" env:"PREFLIGHT_MAX_PIXELS" placeholder:"N"`
	Models    string `help:"Folder of the models. Default: models beside the program." env:"PREFLIGHT_MODELS" placeholder:"DIR"`
	Runtime   string `name:"onnx-runtime" help:"ONNX Runtime to load, 1.24 or later, instead of the one in the folder of models." env:"PREFLIGHT_ONNX_RUNTIME" placeholder:"FILE"`
}

func (f *measuringFlags) analyzer() (*imaging.Analyzer, error) {
	return imaging.New(imaging.Options{
		MaxPixels: f.MaxPixels, Models: cmp.Or(f.Models, models.Beside()), Runtime: f.Runtime,
	})
}
