package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/imaging/layouts"
)

type stitchCommand struct {
	Out      string   `arg:"" help:"The picture to write, a JPEG." placeholder:"OUT.jpg"`
	Parts    []string `arg:"" help:"Photos, in the order in which they are to stand."`
	Layout   string   `help:"auto, row, column, grid or sides." default:"auto" placeholder:"NAME"`
	Rectify  bool     `help:"The documents alone, seen from straight above, instead of whole photos."`
	MaxBytes int64    `help:"The picture stays below so many bytes. Default: the limit of the rules, 4194304." placeholder:"N"`
	MinBytes int64    `help:"And has at least so many. Default: the limit of the rules, 204800; 1: any number." placeholder:"N"`
	Margin   float64  `help:"Space around the parts, as a share of the side of a square as large as all of them." default:"0.01" placeholder:"SHARE"`
	Caption  []string `help:"What stands below each part, in ASCII, once for each part." placeholder:"TEXT" sep:"none"`
	JSON     bool     `name:"json" help:"Where each part came to lie and how well it can be read, as JSON on standard output."`
	Lang     string   `help:"zh or en. Default: from the locale." enum:",zh,en" default:"" placeholder:"LANG"`

	measuringFlags `embed:""`
}

func (stitchCommand) Example() string {
	return "  preflight stitch both.jpg front.jpg back.jpg --layout sides\n" +
		"  preflight stitch letter.jpg id-front.jpg id-back.jpg letter-photo.jpg --caption front --caption back --caption letter\n"
}

// stitchProblems say for people why no composite can be made.
var stitchProblems = map[string]filing.Text{
	imaging.StitchLayout:     {ZH: "没有这种版式，或它不能拼这么多份", EN: "there is no such layout, or it does not take so many parts"},
	imaging.StitchUnreadable: {ZH: "图片无法解码", EN: "the picture cannot be decoded"},
	imaging.StitchNoDocument: {ZH: "图中没有找到证件", EN: "no document was located in the picture"},
	imaging.StitchIllegible:  {ZH: "拼成一张后文字会小得看不清", EN: "its print would be too small to be read"},
	imaging.StitchTooLarge:   {ZH: "拼成一张会超过大小上限", EN: "nothing of that layout fits below the size limit"},
	imaging.StitchTooSmall:   {ZH: "拼成一张仍达不到大小下限", EN: "the result stays below the smallest size"},
	imaging.StitchCaption:    {ZH: "说明文字只能用英文字母和数字", EN: "captions are in ASCII only"},
}

// Run measures the parts, stitches them and writes the picture. What cannot be stitched exits with 1.
func (c *stitchCommand) Run(ctx context.Context, std streams) error {
	lang := languageOf(c.Lang, std)
	if len(c.Caption) > 0 && len(c.Caption) != len(c.Parts) {
		return usageError("--caption: %d for %d parts", len(c.Caption), len(c.Parts))
	}
	if _, err := layouts.Named(c.Layout); err != nil {
		return usageError("--layout %s: want %s", c.Layout, strings.Join(layouts.Names(), ", "))
	}
	set, err := loadRules("")
	if err != nil {
		return err
	}
	limits := set.UploadLimits(filing.Today(time.Now()))
	if c.MaxBytes > 0 {
		limits.MaxBytes = c.MaxBytes
		limits.MinBytes = min(limits.MinBytes, c.MaxBytes/2)
	}
	if c.MinBytes > 0 {
		limits.MinBytes = c.MinBytes
	}
	if limits.MaxBytes < 1024 || limits.MinBytes >= limits.MaxBytes || c.Margin < 0 || c.Margin > 0.5 {
		return usageError("--max-bytes of 1024 or more, --min-bytes below it, --margin 0 to 0.5")
	}
	analyzer, err := c.analyzer()
	if err != nil {
		return err
	}
	defer func() { _ = analyzer.Close() }() // nothing is left to be written
	parts := make([]imaging.StitchPart, len(c.Parts))
	for i, path := range c.Parts {
		if same(path, c.Out) {
			return usageError("%s: that is one of the parts", c.Out)
		}
		open := func(context.Context) ([]byte, error) { return readPhoto(path) }
		data, err := open(ctx)
		if err != nil {
			return usageError("%w", err)
		}
		m, err := analyzer.Analyze(ctx, data)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		parts[i] = imaging.StitchPart{Open: open, Measurements: m, Card: checks.ShowsCard(&m, "")}
		if len(c.Caption) > 0 {
			parts[i].Caption = c.Caption[i]
		}
	}
	made, picture, err := analyzer.Stitch(ctx, parts, imaging.StitchOptions{
		Layout: c.Layout, Rectify: c.Rectify, MinBytes: limits.MinBytes, MaxBytes: limits.MaxBytes,
		MinTextPx: checks.LeastPartText(), Margin: c.Margin,
	})
	var refusal *imaging.StitchError
	if errors.As(err, &refusal) {
		where := ""
		if refusal.Part >= 0 {
			where = c.Parts[refusal.Part] + ": "
		}
		return &failure{exitFails, fmt.Errorf("%s%s [%s]", where, stitchProblems[refusal.Code].In(lang), refusal.Code)}
	}
	if err != nil {
		return err
	}
	if err := analyzer.MeasureParts(ctx, picture, &made); err != nil {
		return err
	}
	// The picture shows identity documents: it is for whoever asked for it.
	if err := os.WriteFile(c.Out, picture, 0o600); err != nil {
		return usageError("%w", err)
	}
	if c.JSON {
		return printJSON(std.out, made)
	}
	return printComposite(std.out, c, &made, lang)
}

// same reports whether two paths are one file.
func same(a, b string) bool {
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}

// readPhoto reads a file of a photo's size.
func readPhoto(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s: larger than %d bytes", path, maxFile)
	}
	return data, nil
}

func printComposite(out io.Writer, c *stitchCommand, made *filing.Composite, lang string) error {
	w := bufio.NewWriter(out)
	_, _ = fmt.Fprintf(w, "%s: %d x %d, %.2f MB, %s\n", c.Out, made.Width, made.Height, float64(made.Bytes)/(1<<20), made.Layout)
	for i, p := range made.Parts {
		_, _ = fmt.Fprintf(w, "  %s: %.0f %%", filepath.Base(c.Parts[i]), 100*p.Scale)
		if m := p.Measured; m != nil && m.TextHeightPx > 0 {
			_, _ = fmt.Fprintf(w, filing.Text{ZH: "，最小的字高 %.0f 像素", EN: ", smallest print %.0f px high"}.In(lang), m.TextHeightPx)
		}
		_, _ = fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}
