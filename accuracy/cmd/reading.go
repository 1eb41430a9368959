package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/preflight-icp/preflight/accuracy"
	"github.com/preflight-icp/preflight/specimen"
)

// readings reads sets one after the other and prints how right that is.
func (s *session) readings(ctx context.Context, halves []specimen.Half) (err error) {
	var tesseract *accuracy.Tesseract
	if s.tesseract {
		tesseract, err = s.bench.FindTesseract(ctx, s.root)
		if err != nil && !errors.Is(err, accuracy.ErrNoTesseract) {
			return err
		}
		if tesseract == nil {
			fmt.Fprintf(s.out, "The comparison with tesseract is skipped: %v.\n\n", accuracy.ErrNoTesseract)
		}
	}
	readers, err := accuracy.NewReaders(s.bench, tesseract)
	if err != nil {
		return err
	}
	return s.each(ctx, halves, func(half specimen.Half) error { return s.read(ctx, readers, half) })
}

// read reads one set.
func (s *session) read(ctx context.Context, readers *accuracy.Readers, half specimen.Half) error {
	if slices.Contains([]specimen.Half{specimen.Prints, specimen.Lots, specimen.Grounds, specimen.Pasted}, half) {
		return errors.New("the random prints are of no kind that is read, and pasted ones are half of that set")
	}
	cases, whole := s.cases(half)
	if len(cases) == 0 {
		return fmt.Errorf("no photo of the %s half is asked for", nameOf(half))
	}
	if s.readable {
		var err error
		if cases, err = s.bench.ReadableOf(ctx, cases, progress(nameOf(half)+": drawn", len(cases))); err != nil {
			return err
		}
	}
	photos, err := s.photos(ctx, nameOf(half), cases)
	if err != nil {
		return err
	}
	reads, err := readers.Run(ctx, photos, progress(nameOf(half)+": read", len(photos)))
	if err != nil {
		return err
	}
	var text bytes.Buffer
	accuracy.ReportReading(&text, reads)
	fmt.Fprintf(s.out, "# %s half: reading\n\n%s\n", nameOf(half), text.Bytes())
	if s.worst {
		accuracy.WorstReading(s.out, reads)
	}
	if !whole || s.readable || !s.write || opening(half) {
		return nil
	}
	return accuracy.Replace(s.page, nameOf(half)+" half: reading", "\n"+text.String())
}
